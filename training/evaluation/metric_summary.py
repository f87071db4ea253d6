"""Metrics of a set of scores, ready for JSON: counts, rates and 95 % intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.classifier import SmileClassifier
from training.data.annotations import Tier
from training.data.crops import Crops
from training.evaluation.metrics import (
    area_under_curve,
    area_under_curve_interval,
    calibration_error,
    wilson_interval,
)

__all__ = [
    "classifier_metrics",
    "interval",
    "rounded",
    "score_metrics",
    "scored_metrics",
    "share_metrics",
    "tier_metrics",
]

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


def scored_metrics(
    scores: Scores, is_scored: NDArray[np.bool_], labels: NDArray[np.bool_], threshold: float
) -> dict[str, Any]:
    """Return the metrics of the faces that get a score, and how many are refused.

    Parameters
    ----------
    scores
        (N,) in [0, 1]; ignored where a face is refused.
    is_scored, labels
        bool (N,).
    threshold
        Scores of at least this are classified as a smile.

    Returns
    -------
    dict[str, Any]
        `score_metrics` of the scored faces and ``refused``, a `share_metrics` of all. When the
        scored faces do not have both labels, ``accuracy`` is None and the other metrics are left
        out.
    """
    scored = labels[is_scored]
    metrics: dict[str, Any] = {"pictures": len(scored), "accuracy": None}
    if scored.any() and not scored.all():
        metrics = score_metrics(scores[is_scored], scored, threshold)
    return {**metrics, "refused": share_metrics(~is_scored)}


def share_metrics(counted: NDArray[np.bool_]) -> dict[str, Any]:
    """Return how many of some pictures are counted, bool (N,), with N above 0."""
    total, count = len(counted), int(counted.sum())
    return {
        "pictures": total,
        "count": count,
        "share": rounded(count / total),
        "share_95": interval(wilson_interval(count, total)),
    }


def classifier_metrics(
    classifier: SmileClassifier, crops: NDArray[np.uint8], smile: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return the `scored_metrics` of a classifier at its threshold.

    Parameters
    ----------
    classifier
        To evaluate.
    crops
        uint8 (N, 64, 64).
    smile
        bool (N,), the labels.
    """
    classified = classifier.classify(crops)
    scores = classified.smile_scores.astype(np.float64)
    threshold = classifier.model_card.threshold
    return scored_metrics(scores, classified.is_mouth_visible, smile, threshold)


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
