"""The metrics agree with their definitions and with published values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.helpers.training import make_crops
from training.evaluation import metrics as module
from training.evaluation.metric_summary import score_metrics, tier_metrics
from training.evaluation.metrics import (
    accuracy_at,
    area_under_curve,
    area_under_curve_interval,
    best_threshold,
    calibration_error,
    fit_calibration,
    paired_accuracy_interval,
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
        ([0.1, 0.4, 0.4, 0.8], 0.875),
    ],
)
def test_auc_is_the_share_of_ordered_pairs(scores: list[float], area: float) -> None:
    assert area_under_curve(np.array(scores), LABELS) == pytest.approx(area)


@pytest.mark.parametrize("label", [True, False])
def test_auc_is_undefined_when_a_class_is_missing(
    label: bool, recwarn: pytest.WarningsRecorder
) -> None:
    assert math.isnan(area_under_curve(np.array([0.1, 0.2]), np.array([label, label])))
    assert len(recwarn) == 0


def _overlapping(count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    labels = rng.random(count) < 0.3
    return rng.normal(labels * 1.5), labels


def test_auc_interval_has_the_width_of_its_standard_error() -> None:
    scores, labels = _overlapping()
    area = area_under_curve(scores, labels)
    low, high = area_under_curve_interval(scores, labels)
    # DeLong et al., Biometrics 1988
    wins = scores[labels][:, None] > scores[~labels][None, :]
    of_smiles, of_others = wins.mean(axis=1), wins.mean(axis=0)
    error = math.sqrt(of_smiles.var() / len(of_smiles) + of_others.var() / len(of_others))
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.1)
    assert (high + low) / 2 == pytest.approx(area, abs=0.005)


def test_intervals_are_the_same_each_time_and_differ_with_the_seed() -> None:
    scores, labels = _overlapping()
    assert area_under_curve_interval(scores, labels) == area_under_curve_interval(scores, labels)
    assert area_under_curve_interval(scores, labels) != area_under_curve_interval(scores, labels, 1)
    once = paired_accuracy_interval(labels, ~labels)
    assert once == paired_accuracy_interval(labels, ~labels)
    assert once != paired_accuracy_interval(labels, ~labels, 1)


def test_interval_covers_95_percent_of_a_thousand_resamples_of_each_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores, labels = _overlapping(40)
    resamples: list[np.ndarray] = []

    def number_of_the_resample(sample: np.ndarray, of_sample: np.ndarray) -> int:
        assert set(sample[of_sample]) <= set(scores[labels])
        assert set(sample[~of_sample]) <= set(scores[~labels])
        assert of_sample.sum() == labels.sum()
        resamples.append(sample)
        return len(resamples)

    monkeypatch.setattr(module, "area_under_curve", number_of_the_resample)
    low, high = area_under_curve_interval(scores, labels)
    assert len(resamples) == 1000
    assert (low, high) == pytest.approx((1 + 0.025 * 999, 1 + 0.975 * 999))


def test_paired_interval_has_the_width_of_its_standard_error() -> None:
    rng = np.random.default_rng(6)
    before = rng.random(1000) < 0.8
    after = np.where(rng.random(1000) < 0.1, ~before, before)
    gained = after.astype(float) - before
    low, high = paired_accuracy_interval(before, after)
    assert (high - low) / 2 == pytest.approx(1.96 * gained.std() / math.sqrt(1000), rel=0.1)
    assert (high + low) / 2 == pytest.approx(gained.mean(), abs=0.002)


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (29, 29, 0.8830, 1),
    ],
)
def test_wilson_interval_equals_the_published_one(
    successes: int, total: int, low: float, high: float
) -> None:
    """Newcombe, Statistics in Medicine 1998, table I, method 3."""
    assert wilson_interval(successes, total) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("total", [0, -1])
def test_interval_is_rejected_when_there_are_no_pictures(total: int) -> None:
    with pytest.raises(ValueError, match=f"total: expected 1 or more, got {total}"):
        wilson_interval(0, total)


@pytest.mark.parametrize("total", range(1, 60))
def test_wilson_interval_stays_between_0_and_1(total: int) -> None:
    low, high = wilson_interval(0, total)
    assert 0 <= low < 1e-12 < high < 1
    low, high = wilson_interval(total, total)
    assert 0 < low < 1 - 1e-12 < high <= 1


def test_threshold_is_the_middle_of_the_gap_when_the_classes_are_separable() -> None:
    scores = np.array([0.1, 0.2, 0.6, 0.9])
    assert best_threshold(scores, LABELS) == pytest.approx(0.4)
    assert accuracy_at(scores, LABELS, 0.4) == 1.0


def test_score_equal_to_the_threshold_is_a_smile() -> None:
    assert accuracy_at(np.array([0.4, 0.5]), np.array([False, True]), 0.5) == 1.0


def test_threshold_is_as_good_as_any_when_the_classes_overlap() -> None:
    rng = np.random.default_rng(2)
    labels = rng.random(500) < 0.3
    scores = np.round(rng.normal(labels * 2.0), 1)
    best = accuracy_at(scores, labels, best_threshold(scores, labels))
    assert best == max(accuracy_at(scores, labels, cut) for cut in np.arange(-4, 6, 0.05))


def test_threshold_is_in_the_middle_of_the_longest_best_run() -> None:
    # Below 0.15 and from 0.35 to 0.7 the accuracy is equally high, in between it is lower.
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.4, 0.5, 0.5, 0.9])
    labels = np.array([False, True, False, True, False, True, False, True])
    cuts = (0.15, 0.35, 0.45, 0.7)
    assert len({accuracy_at(scores, labels, cut) for cut in cuts}) == 1
    assert accuracy_at(scores, labels, 0.25) < accuracy_at(scores, labels, 0.15)
    assert best_threshold(scores, labels) == pytest.approx((0.35 + 0.7) / 2)


def test_threshold_is_the_score_when_there_is_only_one() -> None:
    assert best_threshold(np.array([0.3, 0.3]), np.array([True, False])) == 0.3


def test_calibration_is_recovered_from_answers_that_follow_it() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 3, 20_000)
    answers = (rng.random(20_000) < sigmoid(0.7 * logits - 0.4)).astype(float)
    scale, bias = fit_calibration(logits, answers)
    assert (scale, bias) == pytest.approx((0.7, -0.4), abs=0.05)
    # At the maximum of the likelihood, the residuals are orthogonal to the design.
    residuals = sigmoid(scale * logits + bias) - answers
    assert abs(residuals.sum()) < 1e-4
    assert abs((residuals * logits).sum()) < 1e-4


def test_calibration_is_exact_when_the_targets_are_probabilities() -> None:
    logits = np.linspace(-4, 4, 50)
    assert fit_calibration(logits, sigmoid(1.7 * logits + 0.3)) == pytest.approx((1.7, 0.3))


def test_calibration_exists_when_the_classes_are_separable() -> None:
    scale, _ = fit_calibration(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert math.isfinite(scale)
    assert scale > 3


def test_calibration_is_rejected_when_logits_are_unrelated_to_the_targets() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(size=500)
    with pytest.raises(ValueError, match="no relation"):
        fit_calibration(logits, (logits < 0).astype(float) * 0.8 + 0.1)


def test_sigmoid_stays_finite_when_logits_are_huge() -> None:
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
    assert sigmoid(np.array([1.0]))[0] == pytest.approx(1 / (1 + math.exp(-1)))


def test_counts_and_rates_follow_from_the_predictions() -> None:
    labels = np.array([False, False, False, True, True, True, True])
    scores = np.array([0.2, 0.5, 0.4, 0.9, 0.4, 0.6, 0.7])
    metrics = score_metrics(scores, labels, threshold=0.5)
    assert (
        metrics
        | {
            "pictures": 7,
            "smile": 4,
            "true_positive": 3,
            "false_negative": 1,
            "true_negative": 2,
            "false_positive": 1,
            "accuracy": 0.7143,
            "accuracy_95": [0.3589, 0.9178],
            "sensitivity": 0.75,
            "sensitivity_95": [0.3006, 0.9544],
            "specificity": 0.6667,
            "specificity_95": [0.2077, 0.9385],
            "auc": 0.875,
        }
        == metrics
    )
    low, high = metrics["auc_95"]
    assert low < 0.875 < high
    assert metrics["calibration_error"] == pytest.approx(
        calibration_error(scores, labels.astype(float)), abs=5e-5
    )


def test_tiers_are_counted_separately() -> None:
    crops = make_crops(
        [True, True, False, False], tiers=["clear", "clear", "none", "smile, one annotator"]
    )
    tiers = tier_metrics(np.array([0.9, 0.2, 0.5, 0.44444]), crops, threshold=0.5)
    assert list(tiers) == ["clear", "none", "smile, one annotator"]
    assert tiers["clear"] == {
        "pictures": 2,
        "predicted_smile": 1,
        "predicted_smile_share": 0.5,
        "predicted_smile_share_95": [0.0945, 0.9055],
        "mean_score": 0.55,
    }
    assert tiers["none"]["predicted_smile"] == 1
    assert tiers["smile, one annotator"]["mean_score"] == 0.4444


def test_calibration_error_is_the_mean_distance_between_score_and_share() -> None:
    scores = np.array([0.05, 0.05, 0.95, 0.95])
    assert calibration_error(scores, np.array([0.0, 0.0, 1.0, 1.0])) == pytest.approx(0.05)
    assert calibration_error(scores, np.array([0.0, 1.0, 1.0, 1.0])) == pytest.approx(0.25)
    assert calibration_error(np.array([1.0]), np.array([1.0])) == 0


def test_calibration_error_weighs_its_ten_bins_by_their_pictures() -> None:
    scores = np.array([0.01, 0.09, 0.11, 0.19])
    # Two bins, each with both labels; over fewer bins the errors would cancel out.
    assert calibration_error(scores, np.array([0.0, 0.0, 1.0, 1.0])) == pytest.approx(
        0.5 * 0.05 + 0.5 * 0.85
    )
    assert calibration_error(np.array([0.95, 1.0]), np.array([1.0, 0.0])) == pytest.approx(0.475)
    apart = calibration_error(np.array([0.85, 0.95]), np.array([1.0, 0.0]))
    assert apart == pytest.approx((0.15 + 0.95) / 2)
    scores = np.array([0.05, 0.05, 0.05, 0.95])
    assert calibration_error(scores, np.ones(4)) == pytest.approx(0.75 * 0.95 + 0.25 * 0.05)
