"""Section: learning curves of the shipped network and the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.report.charts import BLUE, ORANGE, draw_chart
from training.report.inputs import ReportInputs
from training.report.page import Chart, Part, Section

__all__ = ["learning_curves", "section"]

_CHARTS = {
    "loss": {"loss": "training set", "validation_loss": "validation set"},
    "validation": {"validation_accuracy": "accuracy", "validation_auc": "AUC"},
}
_Y_LABELS = {"loss": "loss", "validation": "on the validation set"}


def section(inputs: ReportInputs) -> Section:
    """Return the section."""
    parts: list[Part] = [*learning_curves("learning", "shipped network", inputs.metrics["history"])]
    for name, baseline in (inputs.baselines or {"baselines": {}})["baselines"].items():
        parts += learning_curves(f"learning-{name}", baseline["title"], baseline["history"])
    return Section("learning", "Learning curves", parts)


def learning_curves(name: str, title: str, history: Sequence[dict[str, Any]]) -> list[Chart]:
    """Return two charts of a training history: the loss, and the metrics of the validation set."""
    charts = []
    for kind, names in _CHARTS.items():
        lines = {
            label: [line[key] for line in history]
            for key, label in names.items()
            if key in history[0]
        }
        charts.append(_chart(f"{name}-{kind}", kind, title, lines))
    return charts


def _chart(name: str, kind: str, title: str, lines: dict[str, list[float]]) -> Chart:
    def draw(axes: Any) -> None:
        styles = ((BLUE, "o-"), (ORANGE, "s--"))
        for (label, values), (colour, style) in zip(lines.items(), styles, strict=False):
            epochs = range(1, len(values) + 1)
            axes.plot(epochs, values, style, ms=4, color=colour, label=label)
        axes.set(xlabel="epoch", ylabel=_Y_LABELS[kind])
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend()

    last = ", ".join(f"{label} {values[-1]:.4f}" for label, values in lines.items())
    what = "Loss" if kind == "loss" else "Metrics of the validation set"
    epochs = len(next(iter(lines.values())))
    caption = f"{what}, {title}. After epoch {epochs}: {last}."
    return draw_chart(name, draw, alt=f"Learning curve. {caption}", caption=caption)
