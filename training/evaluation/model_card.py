"""Write the model card that the classifier reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from training.errors import TrainingError
from training.evaluation.calibration import COST_OF_FALSE_SMILE, Calibration, cheapest_threshold
from training.evaluation.metric_summary import rounded
from training.evaluation.predict import logit_range
from training.workspace import MODEL, sha256_of_file

__all__ = ["adapted_card", "new_card"]


def new_card(model: Path, calibration: Calibration, metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the card of a newly trained model.

    Parameters
    ----------
    model
        The int8 file.
    calibration
        Of its logits.
    metrics
        The content of metrics.json.

    Raises
    ------
    TrainingError
        When the model cannot output scores on both sides of the thresholds.
    """
    test = metrics["test"]
    return {
        "name": MODEL.stem,
        "file": MODEL.name,
        "sha256": metrics["model"]["sha256"],
        "bytes": metrics["model"]["bytes"],
        "input": {
            "shape": [1, 64, 64, 1],
            "framing": "grey, brows to chin, eyes level, as smile_vision.crop_face cuts it",
        },
        "output": "logit",
        **_scores_and_thresholds(model, calibration),
        "cost_of_false_smile": {name: rounded(cost) for name, cost in COST_OF_FALSE_SMILE.items()},
        "trained_with": metrics["trained_with"],
        "data": metrics["data"]["data"],
        "metrics": {
            **{name: test[name] for name in ("pictures", "accuracy", "auc")},
            "calibration_error": metrics["calibration"]["test_error"],
        },
    }


def adapted_card(card: dict[str, Any], model: Path, calibration: Calibration) -> dict[str, Any]:
    """Return the card of a model that was fine-tuned from the one that `card` describes.

    Raises
    ------
    TrainingError
        When the model cannot output scores on both sides of the thresholds.
    """
    return {
        **card,
        "sha256": sha256_of_file(model),
        "bytes": model.stat().st_size,
        **_scores_and_thresholds(model, calibration),
    }


def _scores_and_thresholds(model: Path, calibration: Calibration) -> dict[str, Any]:
    low, high = (float(calibration.scores(np.array(logit))) for logit in logit_range(model))
    thresholds = {name: cheapest_threshold(cost) for name, cost in COST_OF_FALSE_SMILE.items()}
    if not low < thresholds["threshold_off"] < thresholds["threshold_on"] < high:
        raise TrainingError(
            f"thresholds {thresholds['threshold_off']} and {thresholds['threshold_on']} are outside"
            f" the model's scores, {low:.3f} to {high:.3f}: train longer"
        )
    return {
        "calibration": {"scale": round(calibration.scale, 6), "bias": round(calibration.bias, 6)},
        **thresholds,
    }
