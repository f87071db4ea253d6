"""Metrics of a set of scores, ready for JSON: counts, rates and 95 % intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.annotations import Tier
from training.data.crops import Crops
from training.evaluation.metrics import (
    area_under_curve,
    area_under_curve_interval,
    calibration_error,
    wilson_interval,
)

__all__ = ["interval", "rounded", "score_metrics", "tier_metrics"]

_DIGITS = 4

Scores = NDArray[np.float64]


def score_metrics(scores: Scores, labels: NDArray[np.bool_], threshold: float) -> dict[str, Any]:
    """Return counts, accuracy, AUC, sensitivity, specificity and calibration error.

    Parameters
    ----------
    scores
        (N,) in [0, 1].
    labels
        bool (N,), with both classes.
    threshold
        Scores of at least this are classified as a smile.

    Returns
    -------
    dict[str, Any]
        Ready for JSON; the keys that end in ``_95`` hold 95 % intervals.
    """
    predicted = scores >= threshold
    correct = int((predicted == labels).sum())
    smiles, others = int(labels.sum()), int((~labels).sum())
    true_positive = int((predicted & labels).sum())
    true_negative = int((~predicted & ~labels).sum())
    return {
        "pictures": len(labels),
        "smile": smiles,
        "true_positive": true_positive,
        "false_negative": smiles - true_positive,
        "true_negative": true_negative,
        "false_positive": others - true_negative,
        "accuracy": rounded(correct / len(labels)),
        "accuracy_95": interval(wilson_interval(correct, len(labels))),
        "auc": rounded(area_under_curve(scores, labels)),
        "auc_95": interval(area_under_curve_interval(scores, labels)),
        "sensitivity": rounded(true_positive / smiles),
        "sensitivity_95": interval(wilson_interval(true_positive, smiles)),
        "specificity": rounded(true_negative / others),
        "specificity_95": interval(wilson_interval(true_negative, others)),
        "calibration_error": rounded(calibration_error(scores, labels.astype(np.float64))),
    }


def tier_metrics(scores: Scores, crops: Crops, threshold: float) -> dict[str, Any]:
    """Return, for each tier, how many pictures are classified as a smile."""
    tiers = {}
    for tier in Tier:
        of_tier = scores[crops.tier == tier.value]
        if len(of_tier):
            predicted = int((of_tier >= threshold).sum())
            tiers[tier.value] = {
                "pictures": len(of_tier),
                "predicted_smile": predicted,
                "predicted_smile_share": rounded(predicted / len(of_tier)),
                "predicted_smile_share_95": interval(wilson_interval(predicted, len(of_tier))),
                "mean_score": rounded(float(of_tier.mean())),
            }
    return tiers


def rounded(value: float) -> float:
    """Round a metric to its significant digits."""
    return round(value, _DIGITS)


def interval(bounds: tuple[float, float]) -> list[float]:
    """Round the bounds of an interval."""
    return [rounded(bound) for bound in bounds]
