"""Section: how the network learned, and how the baselines did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.report.chart import BLUE, GREEN, ORANGE, draw_chart
from training.report.inputs import Facts
from training.report.page import Chart, Missing, Part, Section

__all__ = ["curves", "section"]

_LOSS = ("loss", "train_loss")
_VALIDATION_LOSS = ("validation_loss", "val_loss")
_AREA = ("validation_auc", "val_auc", "auc")
_ACCURACY = ("validation_accuracy", "val_accuracy", "accuracy")


def section(facts: Facts) -> Section:
    """Return the section."""
    parts: list[Part] = []
    if facts.history:
        parts += curves("learning", "the shipped network", facts.history)
    else:
        parts.append(Missing(f"learning curves of the shipped network: {facts.missing['history']}"))
    for name, figures in (facts.baselines or {}).get("baselines", {}).items():
        parts += curves(f"learning-{name}", figures["title"], figures["history"])
    return Section("learning", "How it learned", parts)


def curves(name: str, title: str, history: Sequence[dict[str, Any]]) -> list[Chart]:
    """Return the charts of a training's history: its losses, and what it was judged at."""
    epochs = [int(line.get("epoch", place + 1)) for place, line in enumerate(history)]
    losses = {
        words: values
        for words, keys in (("learned from", _LOSS), ("validation people", _VALIDATION_LOSS))
        if (values := _values(history, keys))
    }
    judged = {
        words: values
        for words, keys in (("accuracy", _ACCURACY), ("AUC", _AREA))
        if (values := _values(history, keys))
    }
    charts = []
    for kind, lines in (("loss", losses), ("validation", judged)):
        if lines:
            charts.append(_chart(f"{name}-{kind}", kind, title, epochs, lines))
    return charts


def _values(history: Sequence[dict[str, Any]], keys: Sequence[str]) -> list[float]:
    for key in keys:
        if all(key in line for line in history):
            return [float(line[key]) for line in history]
    return []


def _chart(
    name: str, kind: str, title: str, epochs: list[int], lines: dict[str, list[float]]
) -> Chart:
    colours = (BLUE, ORANGE) if kind == "loss" else (GREEN, BLUE)

    def draw(axes: Any) -> None:
        for (words, values), colour, dashes in zip(
            lines.items(), colours, ("o-", "s--"), strict=False
        ):
            axes.plot(epochs, values, dashes, ms=4, color=colour, label=words)
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss" if kind == "loss" else "on the validation people")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend()

    last = ", ".join(f"{words} {values[-1]:.4f}" for words, values in lines.items())
    what = "Loss" if kind == "loss" else "Accuracy and AUC on the validation people"
    return draw_chart(
        name,
        draw,
        alt=f"Learning curve of {title}, {kind}, {len(epochs)} epochs; at the end {last}.",
        caption=f"{what}, {title}, {len(epochs)} epochs; at the end {last}.",
    )
