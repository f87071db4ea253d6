"""The gate: check that the shipped model is intact and reaches the minimum metrics.

    python -m training.gate [--photos FOLDER|ARCHIVE|none]

Checks the file against its model card, and its logits on synthetic faces against the recorded
scores, on both interpreters. Where the data are present, it also checks the metrics against
minimum_metrics.json. Fails when any check fails. Takes about 2 min.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import VisionError
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.model_card import ModelCard
from training.command_line import add_photos_option, command_parser, run_command
from training.data.crops import FERPLUS, SMILESMILED, Crops
from training.data.ferplus_groups import read_groups
from training.data.photo_clarity import clear_photos
from training.data.photos import chosen_photos
from training.data.source import open_source
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.calibration import Calibration
from training.evaluation.covered_mouths import covered_mouth_metrics, limited_covered_metrics
from training.evaluation.ferplus_metrics import ferplus_metrics, limited_ferplus_metrics
from training.evaluation.held_out import metrics_on_test_set
from training.evaluation.interpreters import OLDER_PYTHON, litert_logits, tflite_runtime_logits
from training.evaluation.minimum_metrics import check_minimum_metrics, read_minimum_metrics
from training.evaluation.photo_metrics import (
    clear_photo_metrics,
    limited_photo_metrics,
    photo_score_metrics,
)
from training.evaluation.pipelines import photo_pipeline, score_photos, video_pipeline
from training.evaluation.predict import logit_step
from training.evaluation.recorded_scores import check_recorded_for, check_recorded_scores
from training.evaluation.synthetic_faces import synthetic_faces
from training.model.occlusion import cover_randomly
from training.workspace import CARD, CROPS, MODEL, display_path

__all__ = ["main"]

Logits = NDArray[np.float64]


def limited_metrics(
    logits: Mapping[Split, Logits], crops: Crops, card: ModelCard
) -> dict[str, float]:
    """Return the metrics on the test set that have a minimum.

    Parameters
    ----------
    logits
        Of the validation and the test set.
    crops
        All crops; without a second annotator's labels there are no metrics on agreed pictures.
    card
        Of the model.
    """
    metrics = metrics_on_test_set(logits, crops, Calibration.of(card))
    chosen = metrics["test_at_validation_threshold"]
    limited = {
        "test_accuracy": metrics["test"]["accuracy"],
        "test_accuracy_at_validation_threshold": chosen["accuracy"],
        "test_auc": metrics["test"]["auc"],
    }
    if agreed := metrics.get("test_where_annotators_agree"):
        limited |= {"test_agreed_accuracy": agreed["accuracy"], "test_agreed_auc": agreed["auc"]}
    return limited


def _check_interpreters(minimum: Mapping[str, float], card: ModelCard, crops: Crops | None) -> None:
    step = logit_step(MODEL)
    interpreters: dict[str, Callable[[NDArray[np.uint8]], Logits]] = {"LiteRT": litert_logits}
    if OLDER_PYTHON.exists():
        interpreters["tflite-runtime"] = tflite_runtime_logits
    else:
        print("skipped tflite-runtime: .venv-tflite is missing (make test sets it up)")
    for name, logits_of in interpreters.items():
        check_recorded_scores(logits_of(synthetic_faces()), step)
        print(f"{name}: logits of synthetic faces as recorded, within one step ({step:.3f})")
        if crops is not None:
            parts = (Split.VALIDATION, Split.TEST)
            logits = {split: logits_of(crops.part(split).grey) for split in parts}
            for line in check_minimum_metrics(limited_metrics(logits, crops, card), minimum):
                print(f"{name}: {line}")


def _check_faces(minimum: Mapping[str, float], test: Crops) -> None:
    """Check what the classifier refuses, and what it says of FER+, on this interpreter only."""
    classifier = SmileClassifier.load()
    ours, ferplus = test.of(SMILESMILED), test.of(FERPLUS)
    limited = limited_covered_metrics(covered_mouth_metrics(classifier, ours, cover_randomly))
    if len(ferplus):
        limited |= limited_ferplus_metrics(ferplus_metrics(classifier, ferplus, read_groups()))
    else:
        print("skipped FER+: it was not prepared (make train FERPLUS=…)")
    for line in check_minimum_metrics(limited, minimum):
        print(line)


def _check_photos(minimum: Mapping[str, float], card: ModelCard, given: str | None) -> None:
    photos = chosen_photos(given)
    if photos is None:
        print("skipped whole photos: none given")
        return
    with open_source(photos) as source:
        photo = score_photos(source.folder, photo_pipeline())
        video = score_photos(source.folder, video_pipeline())
    metrics = photo_score_metrics(photo, card.threshold)
    metrics |= clear_photo_metrics(photo, clear_photos(), card.threshold)
    if "clear" not in metrics:
        print("skipped the clear photos: these are not the photos at which two looks were taken")
    limited = limited_photo_metrics(metrics, photo_score_metrics(video, card.threshold))
    for line in check_minimum_metrics(limited, minimum):
        print(f"whole photos: {line}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = command_parser("training.gate", __doc__)
    add_photos_option(parser)
    options = parser.parse_args(arguments)
    minimum = read_minimum_metrics()
    try:
        card = ModelCard.load(CARD)
        content = MODEL.read_bytes()
        card.check(content)
        print(f"{MODEL.name}: sha256 as in the model card")
        for line in check_minimum_metrics({"bytes": len(content)}, minimum):
            print(line)
        check_recorded_for(card)
        prepared = Crops.load(CROPS) if CROPS.exists() else None
        _check_interpreters(minimum, card, None if prepared is None else prepared.of(SMILESMILED))
        if prepared is not None:
            _check_faces(minimum, prepared.part(Split.TEST))
        else:
            print(f"skipped the test set: {display_path(CROPS)} is missing (make train writes it)")
        _check_photos(minimum, card, options.photos)
    except VisionError as error:
        raise TrainingError(str(error)) from error
    print("all checks passed")


if __name__ == "__main__":
    run_command(main)
