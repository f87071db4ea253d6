"""Step 4: judge the int8 file on people it never saw; ship it with its card and metrics.json.

    python -m training.evaluate [--ship-anyway]

The calibration comes from the validation people, the figures from the test people.
A model below the least accuracy is not shipped: the last good one stays. Takes about 10 s.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.preprocess import preprocess
from training.data.annotations import Tier
from training.data.crops import Crops
from training.data.splits import Split
from training.errors import TrainingError, run_command
from training.evaluation.metric_summary import rounded, score_metrics, tier_metrics
from training.evaluation.metrics import (
    accuracy_at,
    area_under_curve,
    best_threshold,
    calibration_error,
    fit_calibration,
    sigmoid,
)
from training.evaluation.metrics_document import write_figures
from training.evaluation.predict import int8_logits, logit_range
from training.evaluation.recorded_scores import record_scores
from training.model.network import count_multiply_adds, import_keras, load_network
from training.quantize import QUANTIZED
from training.train import BATCH, STATE, TRAINED
from training.workspace import (
    CARD,
    CROPS,
    METRICS,
    MODEL,
    WORK,
    display_path,
    read_json,
    sha256_of_file,
    write_atomically,
    write_json,
)

__all__ = ["Verdicts", "calibrate", "checked_thresholds", "main", "rescaled_card"]

COMMAND = "make train"
# What a face wrongly called a smile costs, when a smile missed costs 1. With a calibrated score
# the threshold of least cost is cost / (cost + 1). On one picture both mistakes weigh the same;
# in a video a smile begins when it is worth an event, and ends when holding on is no longer.
COST_OF_FALSE_SMILE = {"threshold": 1.0, "threshold_on": 1.5, "threshold_off": 1 / 1.5}
LEAST_ACCURACY, LEAST_AREA = 0.90, 0.965  # of the int8 file on the test people

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Verdicts:
    """How a logit becomes a score in 0..1, and from which score on it is a smile."""

    scale: float
    bias: float
    threshold: float

    def scores(self, logits: Scores) -> Scores:
        """Return the calibrated scores of logits."""
        return sigmoid(self.scale * logits + self.bias)


def cheapest_threshold(cost_of_false_smile: float) -> float:
    """Return the score from which on calling it a smile costs less than not (Elkan, IJCAI 2001)."""
    return round(cost_of_false_smile / (cost_of_false_smile + 1), 3)


def smile_share(tiers: NDArray[np.str_]) -> Scores:
    """Return the share of people who call each picture a smile: 1, 0, or a half when faint."""
    smiles = np.isin(tiers, [Tier.CLEAR.value, Tier.SMILE_SINGLE.value])
    return np.where(tiers == Tier.FAINT.value, 0.5, smiles.astype(np.float64))


def calibrate(logits: Scores, crops: Crops) -> Verdicts:
    """Fit the score to the validation people: the share of people who call it a smile."""
    try:
        scale, bias = fit_calibration(logits, smile_share(crops.adjudicated))
    except ValueError as error:
        raise TrainingError(f"the network has learned nothing: {error}") from error
    return Verdicts(scale, bias, cheapest_threshold(COST_OF_FALSE_SMILE["threshold"]))


def judge_validation(scores: Scores, crops: Crops, threshold: float) -> dict[str, Any]:
    """Return what the threshold gives on the validation people, and what the best one would."""
    agreed = crops.tier != Tier.FAINT.value
    best = best_threshold(scores[agreed], crops.smile[agreed])
    return {
        "pictures": int(agreed.sum()),
        "accuracy_without_faint": rounded(
            accuracy_at(scores[agreed], crops.smile[agreed], threshold)
        ),
        "best_threshold_without_faint": rounded(best),
        "accuracy_at_best": rounded(accuracy_at(scores[agreed], crops.smile[agreed], best)),
    }


def compare_with_float(logits: Scores, crops: Crops, verdicts: Verdicts) -> dict[str, Any]:
    """Return how far the int8 file and the network it was made of agree."""
    network = load_network(TRAINED, made_by="python -m training.train")
    answers = network.predict(preprocess(crops.grey), batch_size=BATCH, verbose=0)
    ours, theirs = verdicts.scores(logits), verdicts.scores(answers[:, 0].astype(np.float64))
    same = int(((ours >= verdicts.threshold) == (theirs >= verdicts.threshold)).sum())
    return {
        "same_prediction": same,
        "pictures": len(crops),
        "same_prediction_share": rounded(same / len(crops)),
        "mean_score_difference": rounded(float(np.abs(ours - theirs).mean())),
        "float_accuracy": rounded(accuracy_at(theirs, crops.smile, verdicts.threshold)),
        "float_auc": rounded(area_under_curve(theirs, crops.smile)),
    }


def evaluate(crops: Crops) -> tuple[Verdicts, dict[str, Any]]:
    """Calibrate on the validation people, judge on the test people."""
    deciders, judges = crops.part(Split.VALIDATION), crops.part(Split.TEST)
    seen = int8_logits(QUANTIZED, deciders.grey)
    verdicts = calibrate(seen, deciders)
    logits = int8_logits(QUANTIZED, judges.grey)
    scores, seen_scores = verdicts.scores(logits), verdicts.scores(seen)
    as_labelled = best_threshold(seen_scores, deciders.smile)
    figures: dict[str, Any] = {
        "validation": judge_validation(seen_scores, deciders, verdicts.threshold),
        "test": score_metrics(scores, judges.smile, verdicts.threshold),
        "test_at_validation_threshold": {
            "threshold": rounded(as_labelled),
            **score_metrics(scores, judges.smile, as_labelled),
        },
    }
    for name, tiers in (
        ("test_where_annotators_agree", judges.tier),
        ("test_adjudicated_clear_against_none", judges.adjudicated),
    ):
        sure = np.isin(tiers, [Tier.CLEAR.value, Tier.NONE.value])
        if sure.any():
            truth = tiers[sure] == Tier.CLEAR.value
            figures[name] = score_metrics(scores[sure], truth, verdicts.threshold)
    figures["calibration"] = {
        "meaning": "share of people who call it a smile; faint smiles count a half",
        "test_error": rounded(calibration_error(scores, smile_share(judges.adjudicated))),
        "test_error_on_original_labels": figures["test"]["calibration_error"],
    }
    figures["test_by_tier"] = tier_metrics(scores, judges, verdicts.threshold)
    figures["int8_and_float"] = compare_with_float(logits, judges, verdicts)
    return verdicts, figures


def card_of(verdicts: Verdicts, metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the card that the classifier reads beside the model.

    Raises
    ------
    TrainingError
        When the model cannot give scores on both sides of the thresholds.
    """
    thresholds = checked_thresholds(verdicts, QUANTIZED)
    test = metrics["test"]
    return {
        "name": "smile_classifier",
        "file": MODEL.name,
        "sha256": metrics["model"]["sha256"],
        "bytes": metrics["model"]["bytes"],
        "input": {
            "shape": [1, 64, 64, 1],
            "framing": "grey, brows to chin, eyes level, as smile_vision.crop_face cuts it",
        },
        "output": "logit",
        "calibration": {"scale": round(verdicts.scale, 6), "bias": round(verdicts.bias, 6)},
        **thresholds,
        "cost_of_false_smile": {name: rounded(cost) for name, cost in COST_OF_FALSE_SMILE.items()},
        "trained_with": metrics["trained_with"],
        "data": metrics["data"]["data"],
        "metrics": {
            **{name: test[name] for name in ("pictures", "accuracy", "auc")},
            "calibration_error": metrics["calibration"]["test_error"],
        },
    }


def checked_thresholds(verdicts: Verdicts, model: Path) -> dict[str, float]:
    """Return the thresholds of least cost.

    Raises
    ------
    TrainingError
        When the model cannot give scores on both sides of them.
    """
    low, high = (float(verdicts.scores(np.array(logit))) for logit in logit_range(model))
    thresholds = {name: cheapest_threshold(cost) for name, cost in COST_OF_FALSE_SMILE.items()}
    if not low < thresholds["threshold_off"] < thresholds["threshold_on"] < high:
        raise TrainingError(
            f"thresholds {thresholds['threshold_off']} and {thresholds['threshold_on']} are out"
            f" of the model's reach, {low:.3f} to {high:.3f}: train longer"
        )
    return thresholds


def rescaled_card(card: dict[str, Any], model: Path, verdicts: Verdicts) -> dict[str, Any]:
    """Return the card of a model that was made from the one that `card` describes."""
    return {
        **card,
        "sha256": sha256_of_file(model),
        "bytes": model.stat().st_size,
        "calibration": {"scale": round(verdicts.scale, 6), "bias": round(verdicts.bias, 6)},
        **checked_thresholds(verdicts, model),
    }


def _collect(figures: dict[str, Any], verdicts: Verdicts) -> dict[str, Any]:
    keras = import_keras()
    import tensorflow as tf  # noqa: PLC0415

    state = read_json(STATE, made_by="python -m training.train")
    data = read_json(WORK / "prepare.json", made_by="python -m training.prepare")
    data["skipped"] = dict(sorted(data["skipped"].items()))
    return {
        "command": COMMAND,
        "model": {
            "file": MODEL.name,
            "sha256": sha256_of_file(QUANTIZED),
            "bytes": QUANTIZED.stat().st_size,
            "multiply_adds": count_multiply_adds(),
            "threshold": verdicts.threshold,
        },
        "trained_with": {
            "seed": state["seed"],
            "epochs": state["epochs_done"],
            "minutes": round(state["spent_s"] / 60, 1),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "history": state["history"],
        **figures,
        "data": data,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description="Judge the int8 file on the test people; ship it with card and metrics.json.",
    )
    parser.add_argument("--ship-anyway", action="store_true", help="even when it is too weak")
    options = parser.parse_args(arguments)
    crops = Crops.load(CROPS)
    for path, step in ((TRAINED, "train"), (QUANTIZED, "quantize")):
        if not path.exists():
            raise TrainingError(f"{display_path(path)} is missing: run python -m training.{step}")
    verdicts, figures = evaluate(crops)
    metrics = _collect(figures, verdicts)
    card = card_of(verdicts, metrics)
    _show(metrics)
    weak = figures["test"]["accuracy"] < LEAST_ACCURACY or figures["test"]["auc"] < LEAST_AREA
    if weak and not options.ship_anyway:
        raise TrainingError(
            f"the model is too weak to ship: expected accuracy {LEAST_ACCURACY} and AUC"
            f" {LEAST_AREA} on the test people; --ship-anyway overrules that"
        )
    write_atomically(MODEL, QUANTIZED.read_bytes())
    write_json(CARD, card)
    record_scores()
    write_json(METRICS, metrics)
    write_figures(metrics)
    print(f"shipped {display_path(MODEL)}, with its card; figures in {display_path(METRICS)}")


def _show(metrics: dict[str, Any]) -> None:
    test, agreement = metrics["test"], metrics["int8_and_float"]
    low, high = test["accuracy_95"]
    print(f"test people, {test['pictures']:,} pictures, int8 file:")
    print(f"  accuracy {test['accuracy']:.4f} ({low:.3f} to {high:.3f}), AUC {test['auc']:.4f}")
    chosen = metrics["test_at_validation_threshold"]
    print(f"  at {chosen['threshold']:.2f}, best for validation: {chosen['accuracy']:.4f}")
    print(f"  calibration error {metrics['calibration']['test_error']:.4f}")
    print(f"  sensitivity {test['sensitivity']:.3f}, specificity {test['specificity']:.3f}")
    for tier, counts in metrics["test_by_tier"].items():
        print(f"  {tier:<18} called smile: {counts['called_smile_share']:.3f}")
    print(f"  int8 and float agree on {agreement['same_prediction_share']:.2%}")


if __name__ == "__main__":
    run_command(main)
