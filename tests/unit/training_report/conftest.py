"""Report inputs from the committed metrics, without the data set and without matplotlib."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.report import charts, inputs
from training.report.inputs import ReportInputs, gather_inputs
from training.report.page import Chart
from training.report.sections import calibration, classification, data, learning


@pytest.fixture
def without_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide a data set that is on this machine."""
    for name in ("CROPS", "DEFAULT_DATA"):
        monkeypatch.setattr(inputs, name, tmp_path / "missing")


@pytest.fixture
def recorded(without_data: None) -> ReportInputs:
    """Return the inputs of a fresh clone: the committed metrics only."""
    return gather_inputs(photos="none")


@pytest.fixture
def charts_without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep name, alt text and caption of each chart; matplotlib is not in this environment."""

    def draw_chart(name: str, draw: object, *, alt: str, caption: str, **_: object) -> Chart:
        return Chart(name, b"", b"", alt, caption)

    for module in (charts, calibration, classification, data, learning):
        monkeypatch.setattr(module, "draw_chart", draw_chart)
