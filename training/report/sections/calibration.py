"""Section: whether the score is the probability that it claims to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.metrics import CALIBRATION_BINS, calibration_error, wilson_interval
from training.report.charts import BLUE, GREY, draw_chart
from training.report.inputs import PHOTOS, TEST, Predictions, ReportInputs
from training.report.page import Chart, Missing, Part, Section

__all__ = ["Bin", "reliability", "section"]


@dataclass(frozen=True)
class Bin:
    """Faces with similar scores: their number, their mean score, how many are labelled smile."""

    count: int
    mean_score: float
    smiles: int


def reliability(scores: NDArray[np.float64], smile: NDArray[np.bool_]) -> list[Bin]:
    """Sort faces into bins of equal width, as `calibration_error` does; leave out empty bins.

    Parameters
    ----------
    scores
        (N,) in [0, 1].
    smile
        bool (N,).

    Returns
    -------
    list[Bin]
        By rising score.
    """
    number = np.minimum((scores * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        Bin(int(chosen.sum()), float(scores[chosen].mean()), int(smile[chosen].sum()))
        for chosen in (number == one for one in range(CALIBRATION_BINS))
        if chosen.any()
    ]


def section(inputs: ReportInputs) -> Section:
    """Return the section."""
    parts: list[Part] = [
        "A score of 0.8 should mean that eight in ten such faces are labelled a smile. The closer"
        " the dots are to the diagonal, the better the calibration. The expected calibration error"
        " (ECE) is the mean distance, weighted by the number of faces.",
    ]
    parts += [
        _chart(inputs.predictions[key], name)
        for key, name in ((PHOTOS, "reliability-photos"), (TEST, "reliability-test"))
        if key in inputs.predictions
    ]
    if TEST in inputs.predictions:
        parts.append(
            "On the test set the dots lie below the diagonal, by design: the score is fitted to"
            " both annotators, and the original labels shown here call few faint smiles a smile."
        )
    if not inputs.predictions:
        parts.append(Missing("reliability diagrams. They need the data set or the whole photos."))
    return Section("calibration", "Calibration of the score", parts)


def _chart(predictions: Predictions, name: str) -> Chart:
    bins = reliability(predictions.scores, predictions.smile)
    error = calibration_error(predictions.scores, predictions.smile.astype(np.float64))

    def draw(axes: Any) -> None:
        means = [one.mean_score for one in bins]
        shares = np.array([one.smiles / one.count for one in bins])
        bounds = np.array([wilson_interval(one.smiles, one.count) for one in bins])
        axes.plot([0, 1], [0, 1], "--", color=GREY, lw=1.4)
        axes.errorbar(means, shares, np.abs(bounds.T - shares), fmt="o-", color=BLUE, capsize=3)
        for one in bins:
            axes.text(one.mean_score, 1.09, f"{one.count:,}", ha="center", fontsize=9, color=GREY)
        axes.set(xlim=(-0.06, 1.06), ylim=(-0.02, 1.16), yticks=np.linspace(0, 1, 6))
        axes.set(xlabel="mean smile score", ylabel="share labelled smile")

    return draw_chart(
        name,
        draw,
        alt=f"Reliability diagram, {predictions.title}: expected calibration error {error:.3f}.",
        caption=f"Reliability diagram, {predictions.title}, {len(predictions):,} faces in"
        f" {CALIBRATION_BINS} bins: ECE {error:.3f}. Bars: 95 % intervals. Numbers at the top:"
        " faces in the bin.",
    )
