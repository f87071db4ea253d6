"""Step 4: judge the int8 file on people it never saw; ship it with its card and metrics.json.

    python -m training.evaluate [--ship-anyway]

The calibration comes from the validation people, the figures from the test people.
A model below the least accuracy is not shipped: the last good one stays. Takes about 10 s.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.preprocess import preprocess
from training.crops import Crops
from training.errors import TrainingError, run_command
from training.figures import judge_scores, judge_tiers, rounded
from training.judge import int8_logits, logit_range
from training.metrics import (
    accuracy_at,
    area_under_curve,
    best_threshold,
    fit_calibration,
    sigmoid,
)
from training.model_document import write_figures
from training.network import count_multiply_adds, import_keras
from training.opinions import Tier
from training.quantize import QUANTIZED
from training.splits import Split
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

__all__ = ["Verdicts", "calibrate", "main"]

COMMAND = "make train"
# As many labellers would say smile as not: the validation people set it through the calibration.
# The score of their highest accuracy is no better: accuracy is flat from 0.3 to 0.65, so that
# a picture more or less moves it from 0.34 to 0.51, and with it the verdict on faint smiles.
THRESHOLD = 0.5
HYSTERESIS = 0.1  # a smile starts this far above the threshold and ends this far below it
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


def calibrate(logits: Scores, crops: Crops) -> Verdicts:
    """Fit the score to the validation people, such that `THRESHOLD` is the right place to cut.

    The score becomes the share of labellers who call the picture a smile: 1 when both do, a half
    when they differ.
    """
    faint = crops.tier == Tier.FAINT.value
    try:
        scale, bias = fit_calibration(logits, np.where(faint, 0.5, crops.smile.astype(float)))
    except ValueError as error:
        raise TrainingError(f"the network has learned nothing: {error}") from error
    return Verdicts(scale, bias, THRESHOLD)


def judge_validation(scores: Scores, crops: Crops) -> dict[str, Any]:
    """Return what the threshold gives on the validation people, and what the best one would."""
    agreed = crops.tier != Tier.FAINT.value
    best = best_threshold(scores[agreed], crops.smile[agreed])
    return {
        "pictures": int(agreed.sum()),
        "accuracy_without_faint": rounded(
            accuracy_at(scores[agreed], crops.smile[agreed], THRESHOLD)
        ),
        "best_threshold_without_faint": rounded(best),
        "accuracy_at_best": rounded(accuracy_at(scores[agreed], crops.smile[agreed], best)),
    }


def compare_with_float(logits: Scores, crops: Crops, verdicts: Verdicts) -> dict[str, Any]:
    """Return how far the int8 file and the network it was made of agree."""
    network = import_keras().models.load_model(TRAINED)
    answers = network.predict(preprocess(crops.grey), batch_size=BATCH, verbose=0)
    ours, theirs = verdicts.scores(logits), verdicts.scores(answers[:, 0].astype(np.float64))
    same = int(((ours >= verdicts.threshold) == (theirs >= verdicts.threshold)).sum())
    return {
        "same_verdict": same,
        "pictures": len(crops),
        "same_verdict_share": rounded(same / len(crops)),
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
    scores = verdicts.scores(logits)
    figures: dict[str, Any] = {
        "validation": judge_validation(verdicts.scores(seen), deciders),
        "test": judge_scores(scores, judges.smile, verdicts.threshold),
    }
    agreed = np.isin(judges.tier, [Tier.CLEAR.value, Tier.NONE.value])
    if agreed.any():
        figures["test_where_both_opinions_agree"] = judge_scores(
            scores[agreed], judges.smile[agreed], verdicts.threshold
        )
    figures["test_by_tier"] = judge_tiers(scores, judges, verdicts.threshold)
    figures["int8_and_float"] = compare_with_float(logits, judges, verdicts)
    return verdicts, figures


def card_of(verdicts: Verdicts, metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the card that the classifier reads beside the model.

    Raises
    ------
    TrainingError
        When the model cannot give scores on both sides of the thresholds.
    """
    low, high = (float(verdicts.scores(np.array(logit))) for logit in logit_range(QUANTIZED))
    threshold_on = round(verdicts.threshold + HYSTERESIS, 3)
    threshold_off = round(verdicts.threshold - HYSTERESIS, 3)
    if not low < threshold_off < threshold_on < high:
        raise TrainingError(
            f"thresholds {threshold_off} and {threshold_on} are out of the model's reach,"
            f" {low:.3f} to {high:.3f}: train longer"
        )
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
        "threshold": verdicts.threshold,
        "threshold_on": threshold_on,
        "threshold_off": threshold_off,
        "trained_with": metrics["trained_with"],
        "data": metrics["data"]["data"],
        "metrics": {name: test[name] for name in ("pictures", "accuracy", "auc")},
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
    write_json(METRICS, metrics)
    write_figures(metrics)
    print(f"shipped {display_path(MODEL)}, with its card; figures in {display_path(METRICS)}")


def _show(metrics: dict[str, Any]) -> None:
    test, agreement = metrics["test"], metrics["int8_and_float"]
    low, high = test["accuracy_95"]
    print(f"test people, {test['pictures']:,} pictures, int8 file:")
    print(f"  accuracy {test['accuracy']:.4f} ({low:.3f} to {high:.3f}), AUC {test['auc']:.4f}")
    print(f"  sensitivity {test['sensitivity']:.3f}, specificity {test['specificity']:.3f}")
    for tier, counts in metrics["test_by_tier"].items():
        print(f"  {tier:<18} called smile: {counts['called_smile_share']:.3f}")
    print(f"  int8 and float agree on {agreement['same_verdict_share']:.2%}")


if __name__ == "__main__":
    run_command(main)
