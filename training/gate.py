"""The gate: checks that the shipped model still does what was promised.

    python -m training.gate [--photos FOLDER|ARCHIVE|none]

Checks the file against its card, its answers to drawn faces on both interpreters, and, where
the data are, its figures against the floors in floors.json. Fails when any of it is broken.
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
from training.evaluate_photos import chosen_photos, judge_photos, photo_way, video_way
from training.evaluation.metric_summary import judge_scores
from training.evaluation.metrics import accuracy_at, best_threshold, sigmoid
from training.evaluation.minimum_metrics import check_floors, read_floors
from training.evaluation.predict import int8_logits
from training.evaluation.synthetic_faces import drawn_faces
from training.workspace import (
    CARD,
    CROPS,
    METRICS,
    MODEL,
    REPOSITORY,
    display_path,
    read_json,
    sha256_of_file,
    write_json,
)

__all__ = ["EXPECTED", "check_answers", "check_recorded_for", "main", "record_answers"]

EXPECTED = METRICS.with_name("recorded_scores.json")
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
_ONE_STEP = 1.01  # of the output's quantisation: interpreters round differently
_RECORDED_BY = "python -m training.evaluate"

Logits = NDArray[np.float64]


def record_answers(model: Path = MODEL, expected: Path = EXPECTED) -> None:
    """Keep a model's answers to the drawn faces, for `check_answers`."""
    logits = int8_logits(model, drawn_faces())
    content = {"sha256": sha256_of_file(model), "logits": [round(x, 4) for x in logits.tolist()]}
    write_json(expected, content)


def check_answers(logits: Logits, step: float, expected: Path = EXPECTED) -> None:
    """Compare answers to the drawn faces with those recorded.

    Parameters
    ----------
    logits
        (N,), of this machine.
    step
        The output's quantisation step, the tolerance.
    expected
        What `record_answers` wrote.

    Raises
    ------
    TrainingError
        When one differs by more than a step, or the record cannot be used.
    """
    content = read_json(expected, made_by=_RECORDED_BY)
    try:
        recorded = np.array(content["logits"], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{display_path(expected)}: logits: expected numbers") from error
    if len(recorded) != len(logits):
        raise TrainingError(f"{display_path(expected)}: {len(recorded)} answers to {len(logits)}")
    worst = float(np.abs(recorded - logits).max())
    if worst > step * _ONE_STEP + 1e-4:  # they are rounded in the file
        raise TrainingError(
            f"an answer to a drawn face differs by {worst:.3f} from the recorded one:"
            f" expected one quantisation step, {step:.3f}, at most"
        )


def check_recorded_for(card: ModelCard, expected: Path = EXPECTED) -> None:
    """Make sure that the recorded answers are those of the card's file.

    Raises
    ------
    TrainingError
        When they are another file's.
    """
    recorded = read_json(expected, made_by=_RECORDED_BY).get("sha256")
    if recorded != card.sha256:
        raise TrainingError(
            f"{display_path(expected)} holds the answers of another file: expected sha256"
            f" {card.sha256}, found {recorded}"
        )


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
    figures = judge_scores(test, judges.smile, card.threshold)
    sure = judge_scores(test[agreed], judges.smile[agreed], card.threshold)
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
        check_answers(logits_of(drawn_faces()), step)
        print(f"{name}: answers to drawn faces as recorded, within one step ({step:.3f})")
        if crops is not None:
            parts = (Split.VALIDATION, Split.TEST)
            logits = {split: logits_of(crops.part(split).grey) for split in parts}
            for line in check_floors(people_figures(logits, crops, card), floors):
                print(f"{name}: {line}")


def _check_photos(floors: dict[str, float], card: ModelCard, given: str | None) -> None:
    photos = chosen_photos(given)
    if photos is None:
        print("skipped whole photos: none given")
        return
    with open_source(photos) as source:
        judged = judge_photos(source.folder, photo_way(), card.threshold)
        in_video = judge_photos(source.folder, video_way(), card.threshold)
    figures = {
        "photos_accuracy": judged["accuracy_all_photos"],
        "photos_auc": judged["found_faces"]["auc"],
        "photos_calibration_error": judged["found_faces"]["calibration_error"],
        "photos_accuracy_in_video": in_video["accuracy_all_photos"],
    }
    for line in check_floors(figures, floors):
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
    floors = read_floors()
    try:
        card = ModelCard.load(CARD)
        content = MODEL.read_bytes()
        card.check(content)
        print(f"{MODEL.name}: the card's sha256")
        for line in check_floors({"bytes": len(content)}, floors):
            print(line)
        check_recorded_for(card)
        _check_interpreters(floors, card)
        _check_photos(floors, card, options.photos)
    except VisionError as error:
        raise TrainingError(str(error)) from error
    print("the gate is passed")


if __name__ == "__main__":
    run_command(main)
