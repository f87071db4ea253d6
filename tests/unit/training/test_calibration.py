"""Calibration, thresholds, the model card, and the metrics on the validation and the test set."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from smile_vision.smiles.model_card import ModelCard
from tests.helpers.training import make_crops
from training.data.annotations import Tier
from training.data.crops import Crops
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.calibration import (
    COST_OF_FALSE_SMILE,
    Calibration,
    calibrate,
    cheapest_threshold,
    smile_share,
)
from training.evaluation.held_out import metrics_on_test_set, metrics_on_validation_set
from training.evaluation.metric_summary import score_metrics
from training.evaluation.model_card import new_card
from training.evaluation.predict import logit_range, logit_step
from training.workspace import CARD, METRICS, MODEL


def _three_tiers() -> tuple[np.ndarray, Crops]:
    rng = np.random.default_rng(5)
    tiers = [Tier.NONE] * 300 + [Tier.FAINT] * 60 + [Tier.CLEAR] * 150
    means = {Tier.NONE: -3.0, Tier.FAINT: 0.0, Tier.CLEAR: 3.0}
    logits = np.array([rng.normal(means[tier]) for tier in tiers])
    crops = make_crops([tier is Tier.CLEAR for tier in tiers], tiers=[tier.value for tier in tiers])
    return logits, crops


def test_faint_smiles_score_about_a_half() -> None:
    logits, crops = _three_tiers()
    scores = calibrate(logits, crops).scores(logits)
    assert scores[crops.tier == Tier.FAINT.value].mean() == pytest.approx(0.5, abs=0.1)
    assert scores[crops.tier == Tier.NONE.value].mean() < 0.1
    assert scores[crops.tier == Tier.CLEAR.value].mean() > 0.9


def test_calibration_uses_the_adjudicated_tiers() -> None:
    logits, crops = _three_tiers()
    scores = calibrate(logits, crops).scores(logits)
    adjudicated = make_crops(
        crops.smile,
        tiers=crops.tier.tolist(),
        adjudicated=np.where(crops.tier == "faint", "clear", crops.tier).tolist(),
    )
    assert calibrate(logits, adjudicated).scores(logits).mean() > scores.mean() + 0.03


def test_threshold_is_about_as_good_as_the_best_when_calibrated() -> None:
    logits, crops = _three_tiers()
    # The network's own zero is far from the boundary between the classes.
    logits = 2 * logits + 5
    metrics = metrics_on_validation_set(logits, crops, calibrate(logits, crops))
    assert metrics["pictures"] == 450
    assert metrics["accuracy_at_best"] - 0.01 <= metrics["accuracy_without_faint"] <= 1
    assert 0.2 < metrics["best_threshold_without_faint"] < 0.8


def test_model_is_rejected_when_its_logits_are_unrelated_to_smiles() -> None:
    logits, crops = _three_tiers()
    with pytest.raises(TrainingError, match="learned nothing"):
        calibrate(-logits, crops)


def test_both_decisions_cost_the_same_at_the_threshold() -> None:
    assert cheapest_threshold(1.0) == 0.5
    for cost in (0.25, 1.5, 9.0):
        threshold = cheapest_threshold(cost)
        missed, false = threshold * 1.0, (1 - threshold) * cost
        assert missed == pytest.approx(false, abs=0.01)
    assert cheapest_threshold(2.0) == 0.667


def test_thresholds_are_those_of_the_shipped_card() -> None:
    card = json.loads(CARD.read_text())
    for name, cost in COST_OF_FALSE_SMILE.items():
        assert card[name] == cheapest_threshold(cost)
        assert card["cost_of_false_smile"][name] == round(cost, 4)


def test_faint_smiles_count_as_a_half() -> None:
    tiers = np.array([Tier.CLEAR, Tier.FAINT, Tier.NONE, Tier.SMILE_SINGLE, Tier.NONE_SINGLE])
    assert smile_share(tiers).tolist() == [1.0, 0.5, 0.0, 1.0, 0.0]


def test_scores_are_those_of_the_service_when_taken_from_the_card() -> None:
    card = ModelCard.load(CARD)
    calibration = Calibration.of(card)
    assert calibration.threshold == card.threshold
    scores = calibration.scores(np.array([-1.0, 2.0]))
    logits = np.array([-1.0, 2.0]) * card.calibration_scale + card.calibration_bias
    assert scores == pytest.approx(1 / (1 + np.exp(-logits)))


def _held_out() -> tuple[dict[Split, np.ndarray], Crops]:
    """Return eight crops in the validation and eight in the test set, with their logits.

    On the validation set a threshold of about 0.88 (logit 2) is best, on both sets 0.5 is not.
    """
    clear = ["none"] * 4 + ["clear"] * 4
    test_tiers = ["none", "none", "faint", "faint", "clear", "clear", "faint", "clear"]
    test_adjudicated = ["none", "none", "none", "clear", "clear", "clear", "faint", "clear"]
    crops = make_crops(
        [False, False, False, False, True, True, True, True] * 2,
        tiers=clear + test_tiers,
        adjudicated=clear + test_adjudicated,
        splits=["validation"] * 8 + ["test"] * 8,
    )
    validation = np.array([-3.0, -2.0, 1.0, 1.5, 2.5, 3.0, 3.5, 4.0])
    test = np.array([-3.0, -2.0, 1.0, 2.2, 2.5, 3.0, -1.0, -2.0])
    return {Split.VALIDATION: validation, Split.TEST: test}, crops


def test_test_set_is_evaluated_against_each_set_of_labels() -> None:
    logits, crops = _held_out()
    calibration = Calibration(1.0, 0.0, 0.5)
    metrics = metrics_on_test_set(logits, crops, calibration)
    assert list(metrics) == [
        "test",
        "test_at_validation_threshold",
        "test_where_annotators_agree",
        "test_adjudicated_clear_against_none",
    ]
    scores, smile = calibration.scores(logits[Split.TEST]), crops.part(Split.TEST).smile
    assert metrics["test"] == score_metrics(scores, smile, 0.5)
    assert metrics["test"]["accuracy"] == 0.5
    at_best = metrics["test_at_validation_threshold"]
    assert at_best["threshold"] == pytest.approx(
        calibration.scores(np.array([1.5, 2.5])).mean(), abs=1e-4
    )
    assert at_best["false_positive"] == 1
    agreed = metrics["test_where_annotators_agree"]
    assert (agreed["pictures"], agreed["smile"], agreed["true_positive"]) == (5, 3, 2)
    adjudicated = metrics["test_adjudicated_clear_against_none"]
    assert (adjudicated["pictures"], adjudicated["smile"]) == (7, 4)
    assert (adjudicated["true_positive"], adjudicated["false_positive"]) == (3, 1)


def test_agreement_is_left_out_when_there_is_one_annotator_only() -> None:
    logits, crops = _held_out()
    single = make_crops(
        crops.smile, tiers=["none, one annotator"] * 16, splits=crops.split.tolist()
    )
    metrics = metrics_on_test_set(logits, single, Calibration(1.0, 0.0, 0.5))
    assert list(metrics) == ["test", "test_at_validation_threshold"]


def _metrics() -> dict[str, Any]:
    return json.loads(METRICS.read_text())


@pytest.mark.parametrize("bias", [-50.0, 50.0])
def test_card_is_rejected_when_all_scores_are_on_one_side_of_the_thresholds(bias: float) -> None:
    with pytest.raises(TrainingError, match=r"thresholds 0\.4 and 0\.6 are outside.*longer"):
        new_card(MODEL, Calibration(1.0, bias, 0.5), _metrics(), ["smilesmiled"])


def test_range_of_the_logits_covers_all_int8_values() -> None:
    low, high = logit_range(MODEL)
    assert high - low == pytest.approx(255 * logit_step(MODEL))
    assert low < -4 < 4 < high
