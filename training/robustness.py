"""Step 6: how well the shipped model does under faults, and for whom; with a floor.

    python -m training.robustness [--photos FOLDER|ARCHIVE|none]

The grid spoils the held-out people's pictures, one fault at a time; the slices are those of
labels/attributes.csv; small faces are tried on whole photos too where there are any. Fails when
the floor is broken. Takes about a minute.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.errors import VisionError
from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.photos.photo import load_photo
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from training.data.annotations import BUNDLED_ANNOTATIONS, Tier
from training.data.crops import Crops
from training.data.source import open_source
from training.data.splits import Split
from training.data.tables import read_table
from training.errors import TrainingError, run_command
from training.evaluate_photos import chosen_photos, read_photo_labels
from training.evaluation.corruptions import conditions
from training.evaluation.metric_summary import score_metrics
from training.evaluation.robustness_document import write_robustness
from training.workspace import CROPS, METRICS, display_path, write_json

__all__ = ["ATTRIBUTES", "ROBUSTNESS", "corruption_metrics", "main", "slice_metrics"]

ROBUSTNESS = METRICS.with_name("robustness.json")
ATTRIBUTES = BUNDLED_ANNOTATIONS.with_name("attributes.csv")
_KEY = ("number", "smilesmiled")
FLOOR = 0.95  # accuracy where both labellers agree, in every condition that counts as within
FACE_SIZES_PX = (80, 48, 32, 24, 16, 12)  # between the temples, in whole photos
_SEED = 1

Scores = NDArray[np.float64]


def corruption_metrics(classifier: SmileClassifier, crops: Crops) -> list[dict[str, Any]]:
    """Judge the crops under each condition.

    Parameters
    ----------
    classifier
        The model as it ships.
    crops
        Of people it never saw. Those on whom both labellers agree are judged.

    Returns
    -------
    list[dict[str, Any]]
        One row for each condition, with counts and intervals.
    """
    agreed = np.isin(crops.tier, [Tier.CLEAR.value, Tier.NONE.value])
    grey, smile = crops.grey[agreed], crops.smile[agreed]
    rows = []
    for condition in conditions():
        rng = np.random.default_rng(_SEED)
        spoilt = np.stack([condition.spoil(crop, rng) for crop in grey])
        scores = classifier.smile_scores(spoilt).astype(np.float64)
        rows.append(
            {
                "family": condition.family,
                "setting": condition.setting,
                "within": condition.within,
                **score_metrics(scores, smile, classifier.model_card.threshold),
            }
        )
    return rows


def slice_metrics(
    classifier: SmileClassifier, crops: Crops, attributes: Path = ATTRIBUTES
) -> list[dict[str, Any]]:
    """Judge the held-out people by what can be seen of them.

    Faint smiles are left out: there the labels tell nothing about the model.

    Returns
    -------
    list[dict[str, Any]]
        Two rows for each attribute, with it and without it.
    """
    facts = _read_attributes(attributes)
    keys = [(name, bool(smile)) for name, smile in zip(crops.name, crops.smile, strict=True)]
    clear = crops.adjudicated != Tier.FAINT.value
    known = np.array([key in facts for key in keys]) & clear
    scores = classifier.smile_scores(crops.grey[known]).astype(np.float64)
    seen = [facts[key] for key, chosen in zip(keys, known, strict=True) if chosen]
    truth = np.isin(crops.adjudicated[known], [Tier.CLEAR.value, Tier.SMILE_SINGLE.value])
    rows = []
    for attribute in seen[0] if seen else ():
        has = np.array([fact[attribute] for fact in seen])
        for present in (True, False):
            part = has == present
            if truth[part].any() and not truth[part].all():
                figures = score_metrics(scores[part], truth[part], classifier.model_card.threshold)
                rows.append({"attribute": attribute, "present": present, **figures})
    return rows


def _read_attributes(path: Path) -> dict[tuple[str, bool], dict[str, bool]]:
    rows = [row for _, row in read_table(path, _KEY)]
    return {
        (row["number"], row["smilesmiled"] == "1"): {
            name: value == "1" for name, value in row.items() if name not in _KEY
        }
        for row in rows
    }


def small_face_metrics(classifier: SmileClassifier, folder: Path) -> list[dict[str, Any]]:
    """Judge whole photos scaled down until the face has so many pixels.

    The face is found in the photo as it is: this is about the verdict, not about finding.
    """
    detector = PhotoFaceDetector()
    crops: dict[int, list[NDArray[np.uint8]]] = {size: [] for size in FACE_SIZES_PX}
    truth = []
    for path, smile in read_photo_labels(folder):
        photo = load_photo(path)
        faces = detector.detect(np.asarray(photo))
        if not faces:
            continue
        truth.append(smile)
        grey = photo.convert("L")
        for size, of_size in crops.items():
            factor = min(1.0, size / faces[0].box[2])
            of_size.append(
                crop_face(_scaled(grey, factor), faces[0].keypoints * np.float32(factor))
            )
    smiles = np.array(truth)
    return [
        {
            "face_px": size,
            **score_metrics(
                classifier.smile_scores(np.stack(of_size)).astype(np.float64),
                smiles,
                classifier.model_card.threshold,
            ),
        }
        for size, of_size in crops.items()
    ]


def _scaled(grey: Image.Image, factor: float) -> NDArray[np.uint8]:
    width, height = (max(1, round(side * factor)) for side in grey.size)
    return np.asarray(grey.resize((width, height), Image.Resampling.BOX))


def check_floor(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the floor and the conditions within which it holds.

    Raises
    ------
    TrainingError
        When the model is below it; the message names the condition.
    """
    for row in rows:
        if row["within"] and row["accuracy"] < FLOOR:
            raise TrainingError(
                f"{row['family']}, {row['setting']}: accuracy {row['accuracy']:.3f},"
                f" expected {FLOOR} or more"
            )
    within = [row for row in rows if row["within"]]
    return {
        "accuracy": FLOOR,
        "least_measured": min(row["accuracy"] for row in within),
        "holds_for": [f"{row['family']}: {row['setting']}" for row in within],
        "does_not_hold_for": [
            f"{row['family']}: {row['setting']}"
            for row in rows
            if not row["within"] and row["accuracy"] < FLOOR
        ],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.robustness",
        description="Judge the shipped model under faults and by slices; write robustness.json.",
    )
    parser.add_argument(
        "--photos", help="folder or archive with labels.csv, or none (default: beside the data)"
    )
    options = parser.parse_args(arguments)
    judges = Crops.load(CROPS).part(Split.TEST)
    try:
        classifier = SmileClassifier.load()
        rows = corruption_metrics(classifier, judges)
        result: dict[str, Any] = {
            "command": "python -m training.robustness",
            "model_sha256": classifier.model_card.sha256,
            "threshold": classifier.model_card.threshold,
            "evaluated_on": "held-out people on whom both labellers agree, one fault at a time",
            "grid": rows,
            "slices_evaluated_on": "held-out people whose attributes one person judged by eye from"
            " 64-px grey crops, without faint smiles",
            "slices": slice_metrics(classifier, judges),
            "small_faces": _small_faces(classifier, options.photos),
        }
    except VisionError as error:
        raise TrainingError(str(error)) from error
    _show(result)
    result["floor"] = check_floor(rows)
    write_json(ROBUSTNESS, result)
    write_robustness(result)
    print(f"floor {FLOOR} holds; all figures in {display_path(ROBUSTNESS)}")


def _small_faces(classifier: SmileClassifier, given: str | None) -> list[dict[str, Any]]:
    photos = chosen_photos(given)
    if photos is None:
        return []
    with open_source(photos) as source:
        return small_face_metrics(classifier, source.folder)


def _show(result: dict[str, Any]) -> None:
    for row in result["grid"]:
        name = f"{row['family']}: {row['setting']}"
        print(_line(f"{name}{'' if row['within'] else ' (no promise)'}", row))
    for row in result["slices"]:
        print(_line(f"{'' if row['present'] else 'not '}{row['attribute']}", row))
    for row in result["small_faces"]:
        print(_line(f"whole photos, faces of {row['face_px']} px", row))


def _line(name: str, row: dict[str, Any]) -> str:
    low, high = row["accuracy_95"]
    return (
        f"{name:<52} {row['pictures']:>5}  {row['accuracy']:.3f} ({low:.3f} to {high:.3f})"
        f"  AUC {row['auc']:.3f}"
    )


if __name__ == "__main__":
    run_command(main)
