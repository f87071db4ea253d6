"""Long names do not push the bars and dots out of a chart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

import pytest

from training.baselines.networks import DEEPLENS_CNN
from training.report import charts
from training.report.page import Chart

LINES = ["CNN of the original DeepLens", "project, 3.45 M parameters"]


@pytest.fixture
def axes(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """Receives what a chart draws; matplotlib is not in this environment."""
    recorded = MagicMock()

    def draw_chart(name: str, draw: Callable[[Any], None], **_: object) -> Chart:
        draw(recorded)
        return Chart(name, b"", b"", "", "")

    monkeypatch.setattr(charts, "draw_chart", draw_chart)
    return recorded


def test_long_names_of_bars_are_wrapped(axes: MagicMock) -> None:
    names = ["shipped model", DEEPLENS_CNN.title]
    charts.bar_chart("size", names, {"size": [1.0, 2.0]}, unit="KB", alt="", caption="")
    assert [name.split("\n") for name in axes.barh.call_args.args[0]] == [["shipped model"], LINES]


def test_long_names_in_the_legend_are_wrapped(axes: MagicMock) -> None:
    series = {DEEPLENS_CNN.title: {0: (0.9, 0.8, 1.0)}}
    charts.interval_chart("comparison", ["test set"], series, alt="", caption="")
    assert axes.errorbar.call_args.kwargs["label"].split("\n") == LINES
