"""Section: whether the score means what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.metrics import wilson_interval
from training.report.chart import BLUE, draw_chart
from training.report.inputs import Facts, Judged
from training.report.page import Chart, Missing, Part, Section

__all__ = ["Bin", "calibration_error", "reliability", "section"]

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Faces with like scores: how many, their mean score, how many are labelled smile."""

    count: int
    mean_score: float
    smiles: int


def reliability(scores: NDArray[np.float64], smile: NDArray[np.bool_]) -> list[Bin]:
    """Sort faces into ten equally wide bins of score; empty ones are left out.

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
    place = np.minimum((scores * BINS).astype(int), BINS - 1)
    return [
        Bin(int(chosen.sum()), float(scores[chosen].mean()), int(smile[chosen].sum()))
        for chosen in (place == number for number in range(BINS))
        if chosen.any()
    ]


def calibration_error(bins: list[Bin]) -> float:
    """Return the expected calibration error (Guo et al., ICML 2017) of the bins."""
    total = sum(one.count for one in bins)
    return sum(abs(one.smiles - one.count * one.mean_score) for one in bins) / total


def section(facts: Facts) -> Section:
    """Return the section."""
    parts: list[Part] = [
        "A score of 0.8 should mean that eight in ten such faces are called a smile. The closer"
        " the dots to the diagonal, the truer that is; the expected calibration error (ECE) is"
        " the mean distance, weighted by faces.",
    ]
    if facts.photos is not None:
        parts.append(_chart(facts.photos, "reliability-photos"))
    if facts.held_out is not None:
        parts.append(_chart(facts.held_out, "reliability-held-out"))
    if facts.held_out is None and facts.photos is None:
        parts.append(Missing(facts.missing["crops"]))
    elif facts.held_out is not None:
        parts.append(
            "The held-out labels count only clear smiles, while the score is fitted to both"
            " labellers: it lies above the first labeller's opinion in the middle on purpose."
        )
    return Section("calibration", "What the score means", parts)


def _chart(judged: Judged, name: str) -> Chart:
    bins = reliability(judged.scores, judged.smile)
    error = calibration_error(bins)

    def draw(axes: Any) -> None:
        shares = np.array([one.smiles / one.count for one in bins])
        bounds = np.array([wilson_interval(one.smiles, one.count) for one in bins])
        spread = np.abs(bounds.T - shares)
        means = [one.mean_score for one in bins]
        axes.plot([0, 1], [0, 1], "--", color="#888888", lw=1.4)
        axes.errorbar(means, shares, spread, fmt="o-", color=BLUE, capsize=3, ms=6)
        for one in bins:
            axes.text(
                one.mean_score, 1.09, f"{one.count:,}", ha="center", fontsize=9, color="#4a4a4a"
            )
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.16)
        axes.set_yticks(np.linspace(0, 1, 6))
        axes.set_xlabel("mean smile score")
        axes.set_ylabel("share labelled smile")

    return draw_chart(
        name,
        draw,
        alt=f"Reliability diagram, {judged.title}: expected calibration error {error:.3f}.",
        caption=f"Reliability, {judged.title}: ECE {error:.3f} over {len(judged):,} faces in"
        f" {BINS} bins. Bars: 95 % intervals; numbers at the top: faces in the bin.",
    )
