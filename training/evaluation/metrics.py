"""Metrics of a binary classifier: accuracy, AUC, confidence intervals, calibration, threshold."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "accuracy_at",
    "area_under_curve",
    "area_under_curve_interval",
    "best_threshold",
    "calibration_error",
    "fit_calibration",
    "paired_accuracy_interval",
    "sigmoid",
    "wilson_interval",
]

Scores = NDArray[np.floating]
Labels = NDArray[np.bool_]

Z_95 = 1.959964  # standard normal quantile of a two-sided 95 % interval
PERCENTILES_95 = (2.5, 97.5)
BOOTSTRAP_ROUNDS = 1000
CALIBRATION_BINS = 10
CALIBRATION_STEPS = 50  # limit; Newton's method needs about 6
CALIBRATION_TOLERANCE = 1e-9  # of a step
CALIBRATION_DAMPING = 1e-6  # keeps the curvature invertible when the classes are separable


def sigmoid(logit: Scores) -> NDArray[np.float64]:
    """Return 1 / (1 + exp(-logit)) without overflow."""
    halves: NDArray[np.float64] = 0.5 * (1 + np.tanh(0.5 * np.asarray(logit, dtype=np.float64)))
    return halves


def accuracy_at(scores: Scores, labels: Labels, threshold: float) -> float:
    """Return the accuracy when scores of at least `threshold` are classified as a smile."""
    return float(np.mean((scores >= threshold) == labels))


def area_under_curve(scores: Scores, labels: Labels) -> float:
    """Return the probability that a random smile scores above a random non-smile; ties count half.

    This is the Mann-Whitney statistic (Hanley and McNeil, Radiology 1982). It is NaN when a class
    is empty.
    """
    smiles, others = np.sort(scores[labels]), np.sort(scores[~labels])
    if not len(smiles) or not len(others):
        return math.nan
    below = np.searchsorted(others, smiles, side="left")
    up_to = np.searchsorted(others, smiles, side="right")
    return float(np.mean(below + up_to) / 2 / len(others))


def area_under_curve_interval(scores: Scores, labels: Labels, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of the AUC."""
    rng = np.random.default_rng(seed)
    smiles, others = scores[labels], scores[~labels]
    areas = []
    for _ in range(BOOTSTRAP_ROUNDS):
        sample = np.concatenate([rng.choice(smiles, len(smiles)), rng.choice(others, len(others))])
        areas.append(area_under_curve(sample, np.arange(len(sample)) < len(smiles)))
    low, high = np.percentile(areas, PERCENTILES_95)
    return float(low), float(high)


def paired_accuracy_interval(before: Labels, after: Labels, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the difference in accuracy on the same pictures.

    Parameters
    ----------
    before, after
        bool (N,), whether each prediction was correct.
    seed
        Of the resampling.
    """
    rng = np.random.default_rng(seed)
    gained = after.astype(np.float64) - before.astype(np.float64)
    means = [rng.choice(gained, len(gained)).mean() for _ in range(BOOTSTRAP_ROUNDS)]
    low, high = np.percentile(means, PERCENTILES_95)
    return float(low), float(high)


def wilson_interval(successes: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a proportion (Wilson, JASA 1927).

    Raises
    ------
    ValueError
        When the total is not positive.
    """
    if total <= 0:
        raise ValueError(f"total: expected 1 or more, got {total}")
    share, z2 = successes / total, Z_95**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def best_threshold(scores: Scores, labels: Labels) -> float:
    """Return the threshold with the highest accuracy.

    With int8 scores many thresholds are equally good. The middle of the longest run of best
    thresholds depends least on a single picture.
    """
    levels = np.unique(scores)
    if len(levels) == 1:
        return float(levels[0])
    cuts = (levels[1:] + levels[:-1]) / 2
    smiles, others = np.sort(scores[labels]), np.sort(scores[~labels])
    correct = (len(smiles) - np.searchsorted(smiles, cuts)) + np.searchsorted(others, cuts)
    best = np.flatnonzero(correct == correct.max())
    runs = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    longest = max(runs, key=len)
    return float((cuts[longest[0]] + cuts[longest[-1]]) / 2)


def calibration_error(scores: Scores, truth: Scores) -> float:
    """Return the expected calibration error (Naeini et al., AAAI 2015) over bins of equal width.

    Parameters
    ----------
    scores
        (N,) in [0, 1].
    truth
        (N,), labels or shares in [0, 1].
    """
    bin_of = np.minimum((np.asarray(scores) * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [
        abs(float(scores[bin_of == i].mean()) - float(truth[bin_of == i].mean()))
        * float((bin_of == i).mean())
        for i in range(CALIBRATION_BINS)
        if (bin_of == i).any()
    ]
    return float(sum(gaps))


def fit_calibration(logits: Scores, targets: Scores) -> tuple[float, float]:
    """Fit probability = sigmoid(scale * logit + bias) by maximum likelihood (Platt, 1999).

    Parameters
    ----------
    logits
        (N,) of the network.
    targets
        (N,) in [0, 1].

    Returns
    -------
    tuple[float, float]
        scale (> 0) and bias.

    Raises
    ------
    ValueError
        When larger logits do not go with larger targets.
    """
    design = np.stack([logits, np.ones_like(logits)], axis=1).astype(np.float64)
    weights = np.array([1.0, 0.0])
    for _ in range(CALIBRATION_STEPS):
        probability = sigmoid(design @ weights)
        gradient = design.T @ (probability - targets)
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design
        step = np.linalg.solve(curvature + CALIBRATION_DAMPING * np.eye(2), gradient)
        weights -= step
        if float(np.abs(step).max()) < CALIBRATION_TOLERANCE:
            break
    scale, bias = float(weights[0]), float(weights[1])
    if not scale > 0:
        raise ValueError(f"logits: no relation to the targets (calibration scale {scale:.3g})")
    return scale, bias
