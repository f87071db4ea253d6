from __future__ import annotations

import pytest

from edge_lambda.errors import ConfigError
from edge_lambda.settings import SmileSettings
from edge_lambda.smiles.thresholds import resolve_thresholds


def test_each_threshold_is_the_model_card_s_unless_configured() -> None:
    assert resolve_thresholds(SmileSettings(), 0.7, 0.5, 0.99) == (0.7, 0.5)
    assert resolve_thresholds(SmileSettings(threshold_on=0.8), 0.7, 0.5, 0.99) == (0.8, 0.5)
    assert resolve_thresholds(SmileSettings(threshold_off=0.4), 0.7, 0.5, 0.99) == (0.7, 0.4)


def test_upper_threshold_may_be_the_largest_score_but_no_more() -> None:
    assert resolve_thresholds(SmileSettings(threshold_on=0.99), 0.7, 0.5, 0.99) == (0.99, 0.5)
    with pytest.raises(ConfigError) as caught:
        resolve_thresholds(SmileSettings(threshold_on=0.995), 0.7, 0.5, 0.99)
    assert str(caught.value) == (
        "smile.threshold_on: 0.995 can never be reached: the model's largest score is 0.99000"
    )


def test_lower_threshold_must_be_below_the_upper_one() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_thresholds(SmileSettings(threshold_off=0.7), 0.7, 0.5, 0.99)
    assert str(caught.value) == (
        "smile.threshold_off: expected less than threshold_on (0.7), got 0.7"
    )
