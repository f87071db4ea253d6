"""Write the model card that the classifier reads, and that people read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from smile_vision.interpreter import load_interpreter
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.model_card import ModelCard
from training.errors import TrainingError
from training.evaluation.calibration import COST_OF_FALSE_SMILE, Calibration, cheapest_threshold
from training.evaluation.card_facts import data_facts, model_facts, photos_facts
from training.evaluation.metric_summary import rounded
from training.evaluation.predict import logit_range
from training.evaluation.robustness_document import attribute_words
from training.evaluation.training_date import training_date
from training.workspace import MODEL, sha256_of_file

__all__ = [
    "adapted_card",
    "card_with_groups",
    "card_with_photo_groups",
    "card_with_photos",
    "new_card",
    "new_classifier",
]

ADAPTED_SUFFIX = "+finetuned"  # of the version, as build metadata of Semantic Versioning
_METRICS = ("pictures", "accuracy", "accuracy_95", "auc", "auc_95")  # on the test set
_MORE_METRICS = ("covered_mouths", "ferplus")
_NO_GROUPS = {"evaluated_on": "nothing yet: run python -m training.robustness", "results": {}}

# A mouth can be seen from this score on: 98 % of covered mouths are below it, and 0.1 % of photos.
MOUTH_THRESHOLD = 0.2


def new_classifier(model: Path, calibration: Calibration) -> SmileClassifier:
    """Return the classifier that a newly trained model is going to be.

    Parameters
    ----------
    model
        The int8 file.
    calibration
        Of its logits.
    """
    card = ModelCard(
        name=MODEL.stem,
        file=MODEL.name,
        sha256=sha256_of_file(model),
        calibration_scale=calibration.scale,
        calibration_bias=calibration.bias,
        mouth_threshold=MOUTH_THRESHOLD,
        **_thresholds(),
    )
    return SmileClassifier(load_interpreter(model), card)


def new_card(
    model: Path, calibration: Calibration, metrics: dict[str, Any], collections: Sequence[str]
) -> dict[str, Any]:
    """Return the card of a newly trained model.

    Parameters
    ----------
    model
        The int8 file.
    calibration
        Of its logits.
    metrics
        The content of metrics.json.
    collections
        Keys of the collections that the training used, in model_cards.toml.

    Raises
    ------
    TrainingError
        When the model cannot output scores on both sides of the thresholds.
    """
    test, trained_with = metrics["test"], metrics["trained_with"]
    return {
        "name": MODEL.stem,
        **model_facts(MODEL.stem, trained_with["date"]),
        "file": MODEL.name,
        "sha256": metrics["model"]["sha256"],
        "bytes": metrics["model"]["bytes"],
        "multiply_adds": metrics["model"]["multiply_adds"],
        "input": {
            "shape": [1, 64, 64, 1],
            "framing": "grey, brows to chin, eyes level, as smile_vision.crop_face cuts it",
        },
        "output": "logit",
        **_scores_and_thresholds(model, calibration),
        "mouth_threshold": MOUTH_THRESHOLD,
        "cost_of_false_smile": {name: rounded(cost) for name, cost in COST_OF_FALSE_SMILE.items()},
        # Without the minutes, the same training gives the same card.
        "trained_with": {
            name: value for name, value in trained_with.items() if name not in ("date", "minutes")
        },
        **data_facts(collections),
        "metrics": {
            **{name: test[name] for name in _METRICS},
            "calibration_error": metrics["calibration"]["test_error"],
            **{name: metrics[name] for name in _MORE_METRICS if name in metrics},
        },
        "groups": _NO_GROUPS,
    }


def card_with_photos(card: dict[str, Any], photos: dict[str, Any]) -> dict[str, Any]:
    """Return the card with the metrics on whole photos, ``whole_photos`` of metrics.json."""
    found = photos["found_faces"]
    whole_photos = {
        "photos": photos["photos"],
        "accuracy": photos["accuracy_all_photos"],
        "accuracy_95": photos["accuracy_all_photos_95"],
        "auc": found["auc"],
        "calibration_error": found["calibration_error"],
    }
    return {
        **card,
        "evaluation_data": card["evaluation_data"] | photos_facts(),
        "metrics": {**card["metrics"], "whole_photos": whole_photos},
    }


def card_with_groups(card: dict[str, Any], robustness: dict[str, Any]) -> dict[str, Any]:
    """Return the card with the accuracy for groups of people, from robustness.json."""
    return {**card, "groups": _group_results(robustness["groups"])}


def card_with_photo_groups(card: dict[str, Any], groups: dict[str, Any]) -> dict[str, Any]:
    """Return the card with groups of people in whole photos, ``photo_groups`` of metrics.json.

    Groups of another model are left out.
    """
    if groups["model_sha256"] != card["sha256"]:
        return card
    return {**card, "groups_in_photos": _group_results(groups)}


def _group_results(groups: dict[str, Any]) -> dict[str, Any]:
    results = {
        attribute_words(row["attribute"]): {
            "pictures": row["pictures"],
            "accuracy": row["accuracy"],
            "accuracy_95": row["accuracy_95"],
        }
        for row in groups["rows"]
        if row["present"] and row["accuracy"] is not None
    }
    return {"evaluated_on": groups["evaluated_on"], "results": results}


def adapted_card(card: dict[str, Any], model: Path, calibration: Calibration) -> dict[str, Any]:
    """Return the card of a model that was fine-tuned from the one that `card` describes.

    The data of its training include the user's own photos. The metrics of groups and of whole
    photos belong to the other model and are left out.

    Raises
    ------
    TrainingError
        When the model cannot output scores on both sides of the thresholds.
    """
    own = data_facts(["own"])
    evaluation = {
        name: use for name, use in card["evaluation_data"].items() if name not in photos_facts()
    }
    kept = {name: value for name, value in card.items() if name != "groups_in_photos"}
    return {
        **kept,
        "version": card["version"].removesuffix(ADAPTED_SUFFIX) + ADAPTED_SUFFIX,
        "date": training_date(),
        "training_data": card["training_data"] | own["training_data"],
        "evaluation_data": evaluation | own["evaluation_data"],
        "groups": _NO_GROUPS,
        "sha256": sha256_of_file(model),
        "bytes": model.stat().st_size,
        **_scores_and_thresholds(model, calibration),
    }


def _scores_and_thresholds(model: Path, calibration: Calibration) -> dict[str, Any]:
    low, high = (float(calibration.scores(np.array(logit))) for logit in logit_range(model))
    thresholds = _thresholds()
    if not low < thresholds["threshold_off"] < thresholds["threshold_on"] < high:
        raise TrainingError(
            f"thresholds {thresholds['threshold_off']} and {thresholds['threshold_on']} are outside"
            f" the model's scores, {low:.3f} to {high:.3f}: train longer"
        )
    return {
        "calibration": {"scale": round(calibration.scale, 6), "bias": round(calibration.bias, 6)},
        **thresholds,
    }


def _thresholds() -> dict[str, float]:
    return {name: cheapest_threshold(cost) for name, cost in COST_OF_FALSE_SMILE.items()}
