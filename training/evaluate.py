"""Step 4: calibrate and evaluate the int8 file; ship it with its model card and metrics.json.

    python -m training.evaluate [--ship-anyway]

The calibration uses the validation set, the metrics the test set, and the test split of FER+ if it
was prepared. A model below the minimum accuracy or AUC is not shipped: the last good one stays.
Takes about 30 s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.classifier import SmileClassifier, smile_logits
from smile_vision.smiles.preprocess import preprocess
from training.command_line import command_parser, run_command
from training.data.collections.ferplus_votes import expression_words
from training.data.crops import FERPLUS, SMILESMILED, Crops
from training.data.ferplus_groups import read_groups
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.calibration import Calibration, calibrate, smile_share
from training.evaluation.card_document import card_text, limits_text
from training.evaluation.card_facts import collections_of
from training.evaluation.covered_mouths import covered_mouth_metrics
from training.evaluation.ferplus_metrics import ferplus_metrics
from training.evaluation.held_out import metrics_on_test_set, metrics_on_validation_set
from training.evaluation.metric_summary import rounded, tier_metrics
from training.evaluation.metrics import accuracy_at, area_under_curve, calibration_error
from training.evaluation.metrics_document import metrics_text
from training.evaluation.model_card import new_card, new_classifier
from training.evaluation.model_document import write_block
from training.evaluation.predict import int8_logits
from training.evaluation.recorded_scores import record_scores
from training.model.network import count_multiply_adds, import_keras, load_network
from training.model.occlusion import cover_randomly
from training.workspace import (
    CARD,
    CROPS,
    METRICS,
    MODEL,
    PREPARED,
    QUANTIZED,
    STATE,
    TRAINED,
    display_path,
    read_json,
    sha256_of_file,
    write_atomically,
    write_json,
)

__all__ = ["is_good_enough", "main"]

MIN_ACCURACY, MIN_AUC = 0.90, 0.965  # of the int8 file on the test set

Logits = NDArray[np.float64]


def evaluate(prepared: Crops) -> tuple[Calibration, dict[str, Any]]:
    """Calibrate the int8 file on the validation set and evaluate it on the test set.

    Parameters
    ----------
    prepared
        All collections; without FER+ its metrics are left out.
    """
    crops = prepared.of(SMILESMILED)
    validation, test = crops.part(Split.VALIDATION), crops.part(Split.TEST)
    logits = {
        Split.VALIDATION: int8_logits(QUANTIZED, validation.grey),
        Split.TEST: int8_logits(QUANTIZED, test.grey),
    }
    calibration = calibrate(logits[Split.VALIDATION], validation)
    scores = calibration.scores(logits[Split.TEST])
    on_test_set = metrics_on_test_set(logits, crops, calibration)
    return calibration, {
        "validation": metrics_on_validation_set(logits[Split.VALIDATION], validation, calibration),
        **on_test_set,
        "calibration": {
            "meaning": "share of people who call it a smile; faint smiles count as 0.5",
            "test_error": rounded(calibration_error(scores, smile_share(test.adjudicated))),
            "test_error_on_original_labels": on_test_set["test"]["calibration_error"],
        },
        "test_by_tier": tier_metrics(scores, test, calibration.threshold),
        "int8_and_float": compare_with_float(logits[Split.TEST], test, calibration),
        **_of_the_classifier(new_classifier(QUANTIZED, calibration), prepared),
    }


def _of_the_classifier(classifier: SmileClassifier, prepared: Crops) -> dict[str, Any]:
    test = prepared.part(Split.TEST)
    ours, ferplus = test.of(SMILESMILED), test.of(FERPLUS)
    metrics = {"covered_mouths": covered_mouth_metrics(classifier, ours, cover_randomly)}
    if not len(ferplus):
        print("skipped FER+: it was not prepared")
        return metrics
    return {**metrics, "ferplus": ferplus_metrics(classifier, ferplus, read_groups())}


def compare_with_float(logits: Logits, crops: Crops, calibration: Calibration) -> dict[str, Any]:
    """Return how far the int8 file and the float network agree.

    Parameters
    ----------
    logits
        (N,), of the int8 file.
    crops
        N crops.
    calibration
        Of the logits.
    """
    network = load_network(TRAINED, made_by="python -m training.train")
    outputs = network.predict(preprocess(crops.grey), batch_size=64, verbose=0)
    int8_scores = calibration.scores(logits)
    float_scores = calibration.scores(smile_logits(outputs).astype(np.float64))
    threshold = calibration.threshold
    same = int(((int8_scores >= threshold) == (float_scores >= threshold)).sum())
    return {
        "same_prediction": same,
        "pictures": len(crops),
        "same_prediction_share": rounded(same / len(crops)),
        "mean_score_difference": rounded(float(np.abs(int8_scores - float_scores).mean())),
        "float_accuracy": rounded(accuracy_at(float_scores, crops.smile, threshold)),
        "float_auc": rounded(area_under_curve(float_scores, crops.smile)),
    }


def is_good_enough(test: dict[str, Any]) -> bool:
    """Return whether a model with these metrics on the test set may be shipped."""
    return bool(test["accuracy"] >= MIN_ACCURACY and test["auc"] >= MIN_AUC)


def _all_metrics(measured: dict[str, Any], calibration: Calibration) -> dict[str, Any]:
    """Return the content of metrics.json."""
    keras = import_keras()
    import tensorflow as tf  # noqa: PLC0415

    state = read_json(STATE, made_by="python -m training.train")
    data = read_json(PREPARED, made_by="python -m training.prepare")
    data["skipped"] = dict(sorted(data["skipped"].items()))
    data["duplicates"] = len(data["duplicates"])
    for other in data["collections"].values():  # thousands of names, which prepare.json lists
        other["skipped"] = dict(Counter(other["skipped"].values()))
    return {
        "command": "make train",
        "model": {
            "file": MODEL.name,
            "sha256": sha256_of_file(QUANTIZED),
            "bytes": QUANTIZED.stat().st_size,
            "multiply_adds": count_multiply_adds(),
            "threshold": calibration.threshold,
        },
        "trained_with": {
            "seed": state["seed"],
            "epochs": state["epochs_done"],
            "date": state["date"],
            "minutes": round(state["spent_s"] / 60, 1),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "history": state["history"],
        **measured,
        "data": data,
        **_recorded_groups(),
    }


def _recorded_groups() -> dict[str, Any]:
    """Return the groups of people in whole photos, which only a table of the user can measure."""
    recorded = read_json(METRICS, made_by="python -m training.evaluate") if METRICS.exists() else {}
    return {name: recorded[name] for name in ("photo_groups",) if name in recorded}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = command_parser("training.evaluate", __doc__)
    parser.add_argument(
        "--ship-anyway", action="store_true", help="even when the metrics are too low"
    )
    options = parser.parse_args(arguments)
    prepared = Crops.load(CROPS)
    for path, step in ((TRAINED, "train"), (QUANTIZED, "quantize")):
        if not path.exists():
            raise TrainingError(f"{display_path(path)} is missing: run python -m training.{step}")
    calibration, measured = evaluate(prepared)
    metrics = _all_metrics(measured, calibration)
    card = new_card(QUANTIZED, calibration, metrics, collections_of(metrics["data"]))
    _show(metrics)
    if not (is_good_enough(metrics["test"]) or options.ship_anyway):
        raise TrainingError(
            f"the metrics are too low to ship the model: expected accuracy {MIN_ACCURACY} and AUC"
            f" {MIN_AUC} on the test set; --ship-anyway ships it nevertheless"
        )
    write_atomically(MODEL, QUANTIZED.read_bytes())
    write_json(CARD, card)
    record_scores()
    write_json(METRICS, metrics)
    write_block("metrics", metrics_text(metrics))
    write_block("card", card_text(card))
    write_block("limits", limits_text(card))
    print(f"shipped {display_path(MODEL)} with its model card; metrics in {display_path(METRICS)}")


def _show(metrics: dict[str, Any]) -> None:
    test, agreement = metrics["test"], metrics["int8_and_float"]
    low, high = test["accuracy_95"]
    print(f"int8 file on the test set, {test['pictures']:,} pictures:")
    print(f"  accuracy {test['accuracy']:.4f} ({low:.3f} to {high:.3f}), AUC {test['auc']:.4f}")
    chosen = metrics["test_at_validation_threshold"]
    print(f"  at the validation set's best threshold {chosen['threshold']:.2f}:"
          f" accuracy {chosen['accuracy']:.4f}")  # fmt: skip
    print(f"  calibration error {metrics['calibration']['test_error']:.4f}")
    print(f"  sensitivity {test['sensitivity']:.3f}, specificity {test['specificity']:.3f}")
    for tier, counts in metrics["test_by_tier"].items():
        print(f"  {tier:<20} classified as a smile: {counts['predicted_smile_share']:.3f}")
    print(f"  int8 and float agree on {agreement['same_prediction_share']:.2%}")
    covered = metrics["covered_mouths"]
    print(f"  refused: {covered['covered_mouths']['share']:.1%} of the covered mouths,"
          f" {covered['clear_faces']['share']:.1%} of the clear faces")  # fmt: skip
    if ferplus := metrics.get("ferplus"):
        clear = ferplus["clear_votes"]
        print(f"test split of FER+, {clear['pictures']:,} scored faces with clear votes:")
        if clear["accuracy"] is not None:
            print(f"  accuracy {clear['accuracy']:.4f}, AUC {clear['auc']:.4f}")
        for name, called in ferplus["called_smiling"].items():
            print(f"  {expression_words(name):<20} classified as a smile: {called['share']:.3f}")


if __name__ == "__main__":
    run_command(main)
