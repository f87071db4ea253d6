"""Step 6: measure the shipped model's accuracy under corruptions and for groups of people.

    python -m training.robustness [--photos FOLDER|ARCHIVE|none] [--attributes FILE]

Corrupts the pictures of the test set in one way at a time, compares groups of people by visible
attributes, and scales whole photos down to small faces, if there are photos. The attributes are in
a table of yours; without it the recorded metrics of the groups stay, with the model that they
belong to. The accuracy is that of the faces that get a score; a face whose mouth is hidden is
refused. Fails below the minimum accuracy. Takes about 2 min.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.errors import VisionError
from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from training.command_line import (
    add_attributes_option,
    add_photos_option,
    command_parser,
    run_command,
)
from training.data.crops import SMILESMILED, Crops
from training.data.photos import chosen_photos, open_photo, read_photo_labels
from training.data.source import open_source
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.corruptions import corruptions
from training.evaluation.groups import measured_or_recorded, picture_groups
from training.evaluation.metric_summary import classifier_metrics
from training.evaluation.model_card import card_with_groups
from training.evaluation.model_document import write_block
from training.evaluation.robustness_document import robustness_text
from training.workspace import CARD, CROPS, ROBUSTNESS, display_path, read_json, write_json

__all__ = ["check_minimum", "corruption_metrics", "main", "small_face_metrics"]

MIN_ACCURACY = 0.95  # where both annotators agree, for each required corruption
FACE_SIZES_PX = (80, 48, 32, 24, 16, 12)  # width of the face box in whole photos
_COMMAND = "python -m training.robustness"
_GROUPS_OF = (
    "test set, pictures with attributes that one annotator saw in the 64 px grey crop, without"
    " faint smiles"
)
_SEED = 1


def corruption_metrics(classifier: SmileClassifier, crops: Crops) -> list[dict[str, Any]]:
    """Evaluate the crops under each corruption.

    Parameters
    ----------
    classifier
        The shipped model.
    crops
        The test set. Only pictures on which both annotators agree are used.

    Returns
    -------
    list[dict[str, Any]]
        One row per corruption, with counts and intervals.
    """
    agreed = crops.where(crops.annotators_agree)
    rows = []
    for corruption in corruptions():
        rng = np.random.default_rng(_SEED)
        corrupted = np.stack([corruption.apply(crop, rng) for crop in agreed.grey])
        rows.append(
            {
                "corruption": corruption.kind,
                "setting": corruption.setting,
                "required": corruption.required,
                **classifier_metrics(classifier, corrupted, agreed.smile),
            }
        )
    return rows


def small_face_metrics(classifier: SmileClassifier, folder: Path) -> list[dict[str, Any]]:
    """Evaluate whole photos, scaled down to each of `FACE_SIZES_PX`.

    The face is found in the full-size photo: this measures the classifier, not the detector.

    Parameters
    ----------
    classifier
        The shipped model.
    folder
        Contains ``labels.csv`` (path, smile) at any depth.
    """
    detector = PhotoFaceDetector()
    crops: dict[int, list[NDArray[np.uint8]]] = {size: [] for size in FACE_SIZES_PX}
    labels = []
    for path, smile in read_photo_labels(folder):
        photo = open_photo(path)
        faces = detector.detect(np.asarray(photo))
        if not faces:
            continue
        labels.append(smile)
        grey = photo.convert("L")
        for size, of_size in crops.items():
            factor = min(1.0, size / faces[0].box[2])
            keypoints = faces[0].keypoints * np.float32(factor)
            of_size.append(crop_face(_scaled(grey, factor), keypoints))
    return [
        {"face_px": size, **classifier_metrics(classifier, np.stack(of_size), np.array(labels))}
        for size, of_size in crops.items()
    ]


def _scaled(grey: Image.Image, factor: float) -> NDArray[np.uint8]:
    width, height = (max(1, round(side * factor)) for side in grey.size)
    return np.asarray(grey.resize((width, height), Image.Resampling.BOX))


def check_minimum(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the minimum accuracy of the scored faces and the corruptions that reach it.

    Raises
    ------
    TrainingError
        When a required corruption is below it, or too few faces are scored to tell; the message
        names the corruption.
    """
    required = [row for row in rows if row["required"]]
    for row in required:
        if row["accuracy"] is None:
            raise TrainingError(f"{_name(row)}: too few faces are scored to measure the accuracy")
        if row["accuracy"] < MIN_ACCURACY:
            raise TrainingError(
                f"{_name(row)}: accuracy {row['accuracy']:.3f}, expected {MIN_ACCURACY} or more"
            )
    return {
        "accuracy": MIN_ACCURACY,
        "lowest_measured": min(row["accuracy"] for row in required),
        "holds_for": [_name(row) for row in required],
        "does_not_hold_for": [
            _name(row)
            for row in rows
            if not row["required"] and (row["accuracy"] is None or row["accuracy"] < MIN_ACCURACY)
        ],
    }


def _name(row: dict[str, Any]) -> str:
    return f"{row['corruption']}: {row['setting']}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = command_parser("training.robustness", __doc__)
    add_photos_option(parser)
    add_attributes_option(parser, "number, smilesmiled")
    options = parser.parse_args(arguments)
    test = Crops.load(CROPS).of(SMILESMILED).part(Split.TEST)
    try:
        classifier = SmileClassifier.load()
        result: dict[str, Any] = {
            "command": _COMMAND,
            "model_sha256": classifier.model_card.sha256,
            "threshold": classifier.model_card.threshold,
            "evaluated_on": "test set, pictures on which both annotators agree, one corruption at"
            " a time",
            "grid": corruption_metrics(classifier, test),
            "groups": measured_or_recorded(
                options.attributes,
                lambda table: picture_groups(classifier, test, table),
                _recorded_groups(),
                evaluated_on=_GROUPS_OF,
                model_sha256=classifier.model_card.sha256,
            ),
            "small_faces": _small_faces(classifier, options.photos),
        }
    except VisionError as error:
        raise TrainingError(str(error)) from error
    _show(result)
    result["minimum"] = check_minimum(result["grid"])
    write_json(ROBUSTNESS, result)
    if result["groups"]["model_sha256"] == result["model_sha256"]:  # else of an older model
        card = read_json(CARD, made_by="python -m training.evaluate")
        write_json(CARD, card_with_groups(card, result))
    write_block("robustness", robustness_text(result))
    print(f"every required accuracy is {MIN_ACCURACY} or more; all metrics are in"
          f" {display_path(ROBUSTNESS)}")  # fmt: skip


def _recorded_groups() -> dict[str, Any] | None:
    if not ROBUSTNESS.exists():
        return None
    groups: dict[str, Any] | None = read_json(ROBUSTNESS, made_by=_COMMAND).get("groups")
    return groups


def _small_faces(classifier: SmileClassifier, given: str | None) -> list[dict[str, Any]]:
    photos = chosen_photos(given)
    if photos is None:
        return []
    with open_source(photos) as source:
        return small_face_metrics(classifier, source.folder)


def _show(result: dict[str, Any]) -> None:
    for row in result["grid"]:
        print(_line(f"{_name(row)}{'' if row['required'] else ' (not required)'}", row))
    for row in result["groups"]["rows"]:
        print(_line(f"{'' if row['present'] else 'not '}{row['attribute']}", row))
    for row in result["small_faces"]:
        print(_line(f"whole photos, face {row['face_px']} px wide", row))


def _line(name: str, row: dict[str, Any]) -> str:
    refused = row["refused"]["share"]
    start = f"{name:<52} {row['pictures']:>5}  "
    if row["accuracy"] is None:
        return f"{start}{refused:.1%} refused"
    low, high = row["accuracy_95"]
    return (
        f"{start}{row['accuracy']:.3f} ({low:.3f} to {high:.3f})  AUC {row['auc']:.3f}"
        f"  {refused:.1%} refused"
    )


if __name__ == "__main__":
    run_command(main)
