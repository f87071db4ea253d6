"""The figures of a set of verdicts, ready for metrics.json: counts, shares, 95 % intervals."""

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
    """Return counts, accuracy and area under the curve, with 95 % intervals.

    Parameters
    ----------
    scores
        (N,) in [0, 1].
    labels
        bool (N,), both classes present.
    threshold
        Scores from here up mean smile.

    Returns
    -------
    dict[str, Any]
        Ready for metrics.json.
    """
    said = scores >= threshold
    right = int((said == labels).sum())
    smiles, others = int(labels.sum()), int((~labels).sum())
    hits, correct_rejections = int((said & labels).sum()), int((~said & ~labels).sum())
    return {
        "pictures": len(labels),
        "smile": smiles,
        "true_positive": hits,
        "false_negative": smiles - hits,
        "true_negative": correct_rejections,
        "false_positive": others - correct_rejections,
        "accuracy": rounded(right / len(labels)),
        "accuracy_95": interval(wilson_interval(right, len(labels))),
        "auc": rounded(area_under_curve(scores, labels)),
        "auc_95": interval(area_under_curve_interval(scores, labels)),
        "sensitivity": rounded(hits / smiles),
        "sensitivity_95": interval(wilson_interval(hits, smiles)),
        "specificity": rounded(correct_rejections / others),
        "specificity_95": interval(wilson_interval(correct_rejections, others)),
        "calibration_error": rounded(calibration_error(scores, labels.astype(np.float64))),
    }


def tier_metrics(scores: Scores, crops: Crops, threshold: float) -> dict[str, Any]:
    """Return, for each tier, how many pictures were called a smile."""
    tiers = {}
    for tier in Tier:
        of_tier = scores[crops.tier == tier.value]
        if len(of_tier):
            called = int((of_tier >= threshold).sum())
            tiers[tier.value] = {
                "pictures": len(of_tier),
                "called_smile": called,
                "called_smile_share": rounded(called / len(of_tier)),
                "called_smile_share_95": interval(wilson_interval(called, len(of_tier))),
                "mean_score": rounded(float(of_tier.mean())),
            }
    return tiers


def rounded(value: float) -> float:
    """Round a figure as far as it means anything."""
    return round(value, _DIGITS)


def interval(bounds: tuple[float, float]) -> list[float]:
    """Round the two ends of an interval."""
    return [rounded(bound) for bound in bounds]
