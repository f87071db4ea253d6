"""From a logit to a smile score and a decision: calibration and thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.model_card import ModelCard
from training.data.annotations import Tier
from training.data.crops import Crops
from training.errors import TrainingError
from training.evaluation.metrics import fit_calibration, sigmoid

__all__ = [
    "COST_OF_FALSE_SMILE",
    "Calibration",
    "calibrate",
    "cheapest_threshold",
    "smile_share",
]

# Cost of a false smile, when a missed smile costs 1. With a calibrated score, the threshold with
# the lowest cost is cost / (cost + 1). On one picture both errors weigh the same. In a video a
# smile starts when it justifies an event, and ends when continuing it is no longer justified.
COST_OF_FALSE_SMILE = {"threshold": 1.0, "threshold_on": 1.5, "threshold_off": 1 / 1.5}
FAINT_SHARE = 0.5  # of people who call a faint smile a smile

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """How a logit becomes a smile score.

    Attributes
    ----------
    scale, bias
        ``score = sigmoid(scale * logit + bias)``; the scale is above 0.
    threshold
        On a single picture, scores of at least this are classified as a smile.
    """

    scale: float
    bias: float
    threshold: float

    @classmethod
    def of(cls, card: ModelCard) -> Calibration:
        """Return the calibration of a model card."""
        return cls(card.calibration_scale, card.calibration_bias, card.threshold)

    def scores(self, logits: Scores) -> Scores:
        """Return the smile scores of logits."""
        return sigmoid(self.scale * logits + self.bias)


def calibrate(logits: Scores, crops: Crops) -> Calibration:
    """Fit the score to the share of people who would call each picture a smile.

    Parameters
    ----------
    logits
        (N,) of the crops.
    crops
        The validation set.

    Raises
    ------
    TrainingError
        When the logits are unrelated to smiles.
    """
    try:
        scale, bias = fit_calibration(logits, smile_share(crops.adjudicated))
    except ValueError as error:
        raise TrainingError(f"the network has learned nothing: {error}") from error
    return Calibration(scale, bias, cheapest_threshold(COST_OF_FALSE_SMILE["threshold"]))


def smile_share(tiers: NDArray[np.str_]) -> Scores:
    """Return the share of people who call a picture of each tier a smile: 1, 0, or 0.5 if faint."""
    smiles = np.isin(tiers, [Tier.CLEAR.value, Tier.SMILE_SINGLE.value])
    return np.where(tiers == Tier.FAINT.value, FAINT_SHARE, smiles.astype(np.float64))


def cheapest_threshold(cost_of_false_smile: float) -> float:
    """Return the score at which both decisions cost the same (Elkan, IJCAI 2001)."""
    return round(cost_of_false_smile / (cost_of_false_smile + 1), 3)
