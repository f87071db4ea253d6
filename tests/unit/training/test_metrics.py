"""The figures agree with their definitions and with published values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.evaluation.metric_summary import score_metrics
from training.evaluation.metrics import (
    accuracy_at,
    area_under_curve,
    area_under_curve_interval,
    best_threshold,
    calibration_error,
    fit_calibration,
    sigmoid,
    wilson_interval,
)

LABELS = np.array([False, False, True, True])


@pytest.mark.parametrize(
    ("scores", "area"),
    [
        ([0.1, 0.2, 0.8, 0.9], 1.0),
        ([0.9, 0.8, 0.2, 0.1], 0.0),
        ([0.5, 0.5, 0.5, 0.5], 0.5),
        ([0.1, 0.4, 0.35, 0.8], 0.75),
    ],
)
def test_area_is_the_share_of_ordered_pairs_when_counted_by_hand(
    scores: list[float], area: float
) -> None:
    assert area_under_curve(np.array(scores), LABELS) == pytest.approx(area)


def test_area_is_undefined_when_a_class_is_absent() -> None:
    assert math.isnan(area_under_curve(np.array([0.1, 0.2]), np.array([True, True])))


def test_area_interval_holds_the_area_when_drawn_again() -> None:
    rng = np.random.default_rng(1)
    labels = rng.random(400) < 0.3
    scores = rng.normal(labels * 1.5)
    low, high = area_under_curve_interval(scores, labels)
    assert low < area_under_curve(scores, labels) < high
    assert 0.02 < high - low < 0.12


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (29, 29, 0.8830, 1),
    ],
)
def test_wilson_interval_equals_the_published_one_when_computed(
    right: int, total: int, low: float, high: float
) -> None:
    """Newcombe, Statistics in Medicine 1998, table I, method 3."""
    assert wilson_interval(right, total) == pytest.approx((low, high), abs=5e-5)


def test_interval_is_refused_when_there_are_no_pictures() -> None:
    with pytest.raises(ValueError, match="total"):
        wilson_interval(0, 0)


def test_threshold_is_the_middle_of_the_gap_when_the_classes_part() -> None:
    scores = np.array([0.1, 0.2, 0.6, 0.9])
    assert best_threshold(scores, LABELS) == pytest.approx(0.4)
    assert accuracy_at(scores, LABELS, 0.4) == 1.0


def test_threshold_is_as_good_as_any_when_the_classes_overlap() -> None:
    rng = np.random.default_rng(2)
    labels = rng.random(500) < 0.3
    scores = np.round(rng.normal(labels * 2.0), 1)
    best = accuracy_at(scores, labels, best_threshold(scores, labels))
    assert best == max(accuracy_at(scores, labels, cut) for cut in np.arange(-4, 6, 0.05))


def test_calibration_is_found_again_when_answers_follow_it() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 3, 20_000)
    answers = (rng.random(20_000) < sigmoid(0.7 * logits - 0.4)).astype(float)
    assert fit_calibration(logits, answers) == pytest.approx((0.7, -0.4), abs=0.05)


def test_calibration_is_refused_when_the_network_has_learned_nothing() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(size=500)
    with pytest.raises(ValueError, match="no relation"):
        fit_calibration(logits, (logits < 0).astype(float) * 0.8 + 0.1)


def test_sigmoid_stays_finite_when_logits_are_huge() -> None:
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]


def test_counts_add_up_when_scores_are_judged() -> None:
    figures = score_metrics(np.array([0.2, 0.8, 0.4, 0.9]), LABELS, threshold=0.5)
    assert figures["true_positive"] == figures["false_positive"] == 1
    assert figures["true_negative"] == figures["false_negative"] == 1
    assert figures["accuracy"] == 0.5
    assert figures["auc"] == 0.75


def test_calibration_error_is_the_mean_distance_between_score_and_share() -> None:
    scores = np.array([0.05, 0.05, 0.95, 0.95])
    assert calibration_error(scores, np.array([0.0, 0.0, 1.0, 1.0])) == pytest.approx(0.05)
    assert calibration_error(scores, np.array([0.0, 1.0, 1.0, 1.0])) == pytest.approx(0.25)
    assert calibration_error(np.array([1.0]), np.array([1.0])) == 0
