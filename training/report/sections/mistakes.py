"""Section: the wrong predictions with the most extreme scores."""

from __future__ import annotations

import numpy as np

from training.report.inputs import PHOTOS, TEST, Predictions, ReportInputs
from training.report.page import Face, Faces, Part, Section

__all__ = ["section", "worst_mistakes"]

_SHOWN = 12


def worst_mistakes(predictions: Predictions, threshold: float, *, smile: bool) -> Faces:
    """Return the wrong predictions for faces labelled `smile`, the most extreme scores first."""
    scores = predictions.scores
    wrong = np.flatnonzero((predictions.smile == smile) & ((scores >= threshold) != smile))
    worst = wrong[np.argsort(scores[wrong] if smile else -scores[wrong], kind="stable")][:_SHOWN]
    what = "smiles predicted as no smile" if smile else "other faces predicted as a smile"
    return Faces(
        f"{predictions.title}, {what}: {len(worst)} of {len(wrong)}",
        [
            Face(predictions.crops[one], f"score {scores[one]:.2f}, {predictions.names[one]}")
            for one in worst
        ],
    )


def section(inputs: ReportInputs) -> Section:
    """Return the section."""
    parts: list[Part] = [
        "The wrong predictions whose scores are furthest from the label. On the test set many of"
        " them are faint smiles, or have a label that most people would not give.",
    ]
    parts += [
        worst_mistakes(inputs.predictions[key], inputs.threshold, smile=smile)
        for key in (TEST, PHOTOS)
        if key in inputs.predictions
        for smile in (False, True)
    ]
    parts += inputs.missing_parts("crops", "photos")
    return Section("mistakes", "Worst mistakes", parts)
