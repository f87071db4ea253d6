"""The gate: checks that the shipped model still does what was promised.

    python -m training.gate [--photos FOLDER|ARCHIVE|none]

Checks the file against its card, its answers to drawn faces on both interpreters, and, where
the data are, its metrics against minimum_metrics.json. Fails when any of it is broken.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import VisionError
from smile_vision.interpreter import load_interpreter
from smile_vision.smiles.model_card import ModelCard
from training.data.annotations import Tier
from training.data.crops import Crops
from training.data.source import open_source
from training.data.splits import Split
from training.errors import TrainingError, run_command
from training.evaluate_photos import chosen_photos, photo_metrics, photo_way, video_way
from training.evaluation.metric_summary import score_metrics
from training.evaluation.metrics import accuracy_at, best_threshold, sigmoid
from training.evaluation.minimum_metrics import check_minimum_metrics, read_minimum_metrics
from training.evaluation.predict import int8_logits
from training.evaluation.recorded_scores import check_recorded_for, check_recorded_scores
from training.evaluation.synthetic_faces import synthetic_faces
from training.workspace import (
    CARD,
    CROPS,
    MODEL,
    REPOSITORY,
    display_path,
)

__all__ = ["main"]

OLDER_PYTHON = REPOSITORY / ".venv-tflite" / "bin" / "python"
_VISION = REPOSITORY / "layers" / "smile_vision" / "python"
_OLDER_LOGITS = """
import sys
import numpy as np
from smile_vision.smiles.classifier import SmileClassifier
np.save(sys.argv[2], SmileClassifier.load().logits(np.load(sys.argv[1])))
assert "tflite_runtime" in sys.modules
"""
_TIMEOUT_S = 300

Logits = NDArray[np.float64]


def people_figures(logits_of: dict[Split, Logits], crops: Crops, card: ModelCard) -> dict[str, Any]:
    """Return the gate's figures on the held-out people, from the model's logits."""
    deciders, judges = crops.part(Split.VALIDATION), crops.part(Split.TEST)
    scores = {
        split: sigmoid(card.calibration_scale * logits + card.calibration_bias)
        for split, logits in logits_of.items()
    }
    test = scores[Split.TEST]
    agreed = np.isin(judges.tier, [Tier.CLEAR.value, Tier.NONE.value])
    chosen = best_threshold(scores[Split.VALIDATION], deciders.smile)
    figures = score_metrics(test, judges.smile, card.threshold)
    sure = score_metrics(test[agreed], judges.smile[agreed], card.threshold)
    return {
        "people_accuracy": figures["accuracy"],
        "people_accuracy_at_validation_threshold": accuracy_at(test, judges.smile, chosen),
        "people_auc": figures["auc"],
        "people_agreed_accuracy": sure["accuracy"],
        "people_agreed_auc": sure["auc"],
    }


def older_logits(crops: NDArray[np.uint8]) -> Logits:
    """Return the shipped model's logits on tflite-runtime, in an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "crops.npy"), Path(folder, "logits.npy")
        np.save(given, crops)
        result = subprocess.run(
            [OLDER_PYTHON, "-c", _OLDER_LOGITS, given, made],
            env=os.environ | {"PYTHONPATH": str(_VISION)},
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
        if result.returncode:
            last = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise TrainingError(f"tflite-runtime cannot run the model: {last}")
        return np.asarray(np.load(made), dtype=np.float64)


def _output_step() -> float:
    scale, _ = load_interpreter(MODEL).get_output_details()[0]["quantization"]
    return float(scale)


def _newer_logits(crops: NDArray[np.uint8]) -> Logits:
    return int8_logits(MODEL, crops)


def _check_interpreters(floors: dict[str, float], card: ModelCard) -> None:
    step = _output_step()
    crops = Crops.load(CROPS) if CROPS.exists() else None
    runs = [("LiteRT", _newer_logits)]
    if OLDER_PYTHON.exists():
        runs.append(("tflite-runtime", older_logits))
    else:
        print("skipped tflite-runtime: .venv-tflite is missing (make test sets it up)")
    if crops is None:
        print(f"skipped the held-out people: {display_path(CROPS)} is missing (make train)")
    for name, logits_of in runs:
        check_recorded_scores(logits_of(synthetic_faces()), step)
        print(f"{name}: answers to drawn faces as recorded, within one step ({step:.3f})")
        if crops is not None:
            parts = (Split.VALIDATION, Split.TEST)
            logits = {split: logits_of(crops.part(split).grey) for split in parts}
            for line in check_minimum_metrics(people_figures(logits, crops, card), floors):
                print(f"{name}: {line}")


def _check_photos(floors: dict[str, float], card: ModelCard, given: str | None) -> None:
    photos = chosen_photos(given)
    if photos is None:
        print("skipped whole photos: none given")
        return
    with open_source(photos) as source:
        judged = photo_metrics(source.folder, photo_way(), card.threshold)
        in_video = photo_metrics(source.folder, video_way(), card.threshold)
    figures = {
        "photos_accuracy": judged["accuracy_all_photos"],
        "photos_auc": judged["found_faces"]["auc"],
        "photos_calibration_error": judged["found_faces"]["calibration_error"],
        "photos_accuracy_in_video": in_video["accuracy_all_photos"],
    }
    for line in check_minimum_metrics(figures, floors):
        print(f"whole photos: {line}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the gate from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.gate",
        description="Check the shipped model against its card, recorded answers and floors.",
    )
    parser.add_argument(
        "--photos", help="folder or archive with labels.csv, or none (default: beside the data)"
    )
    options = parser.parse_args(arguments)
    floors = read_minimum_metrics()
    try:
        card = ModelCard.load(CARD)
        content = MODEL.read_bytes()
        card.check(content)
        print(f"{MODEL.name}: the card's sha256")
        for line in check_minimum_metrics({"bytes": len(content)}, floors):
            print(line)
        check_recorded_for(card)
        _check_interpreters(floors, card)
        _check_photos(floors, card, options.photos)
    except VisionError as error:
        raise TrainingError(str(error)) from error
    print("the gate is passed")


if __name__ == "__main__":
    run_command(main)
