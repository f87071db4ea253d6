"""Calibration and threshold, and what the card promises."""

from __future__ import annotations

import numpy as np
import pytest

from training.data.annotations import Tier
from training.data.crops import Crops
from training.errors import TrainingError
from training.evaluate import calibrate, cheapest_threshold, judge_validation, smile_share


def _crops(tiers: list[Tier]) -> Crops:
    count = len(tiers)
    return Crops(
        grey=np.zeros((count, 64, 64), np.uint8),
        smile=np.array([tier is Tier.CLEAR for tier in tiers]),
        target=np.zeros(count, np.float32),
        tier=np.array([tier.value for tier in tiers]),
        adjudicated=np.array([tier.value for tier in tiers]),
        split=np.array(["validation"] * count),
        name=np.array([str(n) for n in range(count)]),
    )


def _three_tiers() -> tuple[np.ndarray, Crops]:
    rng = np.random.default_rng(5)
    tiers = [Tier.NONE] * 300 + [Tier.FAINT] * 60 + [Tier.CLEAR] * 150
    means = {Tier.NONE: -3.0, Tier.FAINT: 0.0, Tier.CLEAR: 3.0}
    return np.array([rng.normal(means[tier]) for tier in tiers]), _crops(tiers)


def test_faint_smiles_score_about_a_half_when_labellers_differ_on_them() -> None:
    logits, crops = _three_tiers()
    scores = calibrate(logits, crops).scores(logits)
    assert scores[crops.tier == Tier.FAINT.value].mean() == pytest.approx(0.5, abs=0.1)
    assert scores[crops.tier == Tier.NONE.value].mean() < 0.1
    assert scores[crops.tier == Tier.CLEAR.value].mean() > 0.9


def test_threshold_is_about_as_good_as_the_best_when_calibrated() -> None:
    logits, crops = _three_tiers()
    # The network's own zero is far from the border between the classes.
    verdicts = calibrate(2 * logits + 5, crops)
    figures = judge_validation(verdicts.scores(2 * logits + 5), crops, verdicts.threshold)
    assert figures["pictures"] == 450
    assert figures["accuracy_without_faint"] >= figures["accuracy_at_best"] - 0.01


def test_model_is_refused_when_its_answers_say_nothing_about_smiles() -> None:
    logits, crops = _three_tiers()
    with pytest.raises(TrainingError, match="learned nothing"):
        calibrate(-logits, crops)


def test_threshold_is_where_both_mistakes_cost_the_same_on_average() -> None:
    assert cheapest_threshold(1.0) == 0.5
    for cost in (0.25, 1.5, 9.0):
        threshold = cheapest_threshold(cost)
        missed, false = threshold * 1.0, (1 - threshold) * cost
        assert missed == pytest.approx(false, abs=0.01)


def test_faint_smiles_count_a_half_when_shares_are_taken() -> None:
    tiers = np.array([Tier.CLEAR, Tier.FAINT, Tier.NONE, Tier.SMILE_SINGLE, Tier.NONE_SINGLE])
    assert smile_share(tiers).tolist() == [1.0, 0.5, 0.0, 1.0, 0.0]
