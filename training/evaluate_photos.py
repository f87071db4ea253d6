"""Step 5: judge the whole way, from photo to verdict, on whole photos of other people.

    python -m training.evaluate_photos [--photos FOLDER|ARCHIVE] [--detector KIND]

The photos (with labels.csv: path,smile) are for judging only, nothing is learned from them. By
default photos-dev.tar.gz beside the data; skipped where there are none. The largest face counts;
no face found is a mistake.
Takes about a minute; adds the figures of both ways, that of ``python -m smile_vision`` and that of
the edge loop, to metrics.json. With --detector only the loop's is judged, and nothing written.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from smile_vision.errors import VisionError
from smile_vision.faces.blazeface import VARIANTS
from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.detector import EDGE_KIND
from smile_vision.faces.video_detector import VideoFaceDetector
from smile_vision.photos.photo import load_photo
from smile_vision.photos.photo_smiles import PhotoSmileDetector
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from training.data.source import open_source
from training.data.tables import read_label, read_table
from training.errors import TrainingError, run_command
from training.evaluation.metric_summary import interval, rounded, score_metrics
from training.evaluation.metrics import accuracy_at, best_threshold, wilson_interval
from training.evaluation.metrics_document import write_figures
from training.workspace import CARD, DEFAULT_DATA, METRICS, display_path, read_json, write_json

__all__ = ["chosen_photos", "main", "photo_metrics", "read_photo_labels"]

DEFAULT_PHOTOS = DEFAULT_DATA.with_name("photos-dev.tar.gz")
ScorePhoto = Callable[[Path], float | None]
_LABELS = "labels.csv"
_PHOTOS_NONE = "none"


def chosen_photos(given: str | None) -> str | None:
    """Return the folder or archive to judge on: the given one, else the default; None for none."""
    if given is None:
        return str(DEFAULT_PHOTOS) if DEFAULT_PHOTOS.exists() else None
    return None if given == _PHOTOS_NONE else given


def photo_way() -> ScorePhoto:
    """Return the way of ``python -m smile_vision``."""
    smiles = PhotoSmileDetector.load()

    def score(path: Path) -> float | None:
        faces = smiles.read(path).faces  # largest first
        return faces[0].smile_score if faces else None

    return score


def video_way(kind: str = EDGE_KIND) -> ScorePhoto:
    """Return the way of the edge loop, with the face detector `kind`."""
    detector, classifier = VideoFaceDetector(kind), SmileClassifier.load(flip=True)

    def score(path: Path) -> float | None:
        image = load_photo(path)
        faces = detector.detect(np.asarray(image))
        if not faces:
            return None
        crop = crop_face(np.asarray(image.convert("L")), max(faces, key=_area).keypoints)
        return float(classifier.smile_scores(crop[np.newaxis])[0])

    return score


def photo_metrics(folder: Path, score_photo: ScorePhoto, threshold: float) -> dict[str, Any]:
    """Judge all photos of a folder.

    Parameters
    ----------
    folder
        Holds ``labels.csv`` (path, smile) at any depth, paths relative to it.
    score_photo
        Gives the smile score of the largest face, or None when no face is found.
    threshold
        From which score on a face counts as smiling.

    Returns
    -------
    dict[str, Any]
        Ready for metrics.json. The area under the curve is that of the photos with a face.

    Raises
    ------
    TrainingError
        When there is no table or a photo cannot be read.
    """
    scores, labels, missed = [], [], 0
    for path, smile in read_photo_labels(folder):
        try:
            score = score_photo(path)
        except VisionError as error:
            raise TrainingError(f"photo {path.name}: {error}") from error
        if score is None:
            missed += 1
        else:
            scores.append(score)
            labels.append(smile)
    if not any(labels) or all(labels):
        raise TrainingError("photos: expected found faces with and without a smile")
    found, truth = np.array(scores), np.array(labels)
    figures = score_metrics(found, truth, threshold)
    right = figures["true_positive"] + figures["true_negative"]
    best = best_threshold(found, truth)
    return {
        "photos": len(scores) + missed,
        "no_face_found": missed,
        "accuracy_all_photos": rounded(right / (len(scores) + missed)),
        "accuracy_all_photos_95": interval(wilson_interval(right, len(scores) + missed)),
        "found_faces": figures,
        "best_threshold": rounded(best),
        "accuracy_at_best_threshold": rounded(accuracy_at(found, truth, best)),
    }


def read_photo_labels(folder: Path, table: Path | None = None) -> list[tuple[Path, bool]]:
    """Read which photos there are and which of them show a smile.

    Parameters
    ----------
    folder
        Paths are relative to the table's folder, or to this one when a table is given.
    table
        CSV with the columns path and smile; None: ``labels.csv`` below the folder.

    Raises
    ------
    TrainingError
        When there is no table, or it has other columns.
    """
    if table is not None:
        return [(folder / name, smile) for name, smile in _read_labels(table)]
    tables = sorted(folder.rglob(_LABELS))
    if not tables:
        raise TrainingError(f"no {_LABELS} (path,smile) in the photos")
    return [(tables[0].parent / name, smile) for name, smile in _read_labels(tables[0])]


def _read_labels(table: Path) -> list[tuple[str, bool]]:
    return [
        (row["path"], read_label(table, line, row, "smile"))
        for line, row in read_table(table, ("path", "smile"))
    ]


def _add_to_card(figures: dict[str, Any]) -> None:
    card = read_json(CARD, made_by="python -m training.evaluate")
    found = figures["found_faces"]
    card["metrics"]["whole_photos"] = {
        "photos": figures["photos"],
        "accuracy": figures["accuracy_all_photos"],
        "auc": found["auc"],
        "calibration_error": found["calibration_error"],
    }
    write_json(CARD, card)


def _area(face: FaceDetection) -> float:
    return face.box[2] * face.box[3]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate_photos",
        description="Judge the whole way, from photo to verdict, on whole photos.",
    )
    parser.add_argument(
        "--photos", help="folder or archive with labels.csv, or none (default: beside the data)"
    )
    parser.add_argument(
        "--detector",
        choices=sorted(VARIANTS),
        help="judge as the edge loop does with this face detector, and write nothing",
    )
    options = parser.parse_args(arguments)
    metrics = read_json(METRICS, made_by="python -m training.evaluate")
    photos = chosen_photos(options.photos)
    if photos is None:
        print(f"skipped whole photos: give --photos a folder or archive with {_LABELS}")
        return
    ways: dict[str, ScorePhoto]
    try:
        threshold = SmileClassifier.load().model_card.threshold
        if options.detector:
            ways = {"": video_way(options.detector)}
        else:
            ways = {"whole_photos": photo_way(), "whole_photos_as_video": video_way()}
    except VisionError as error:
        raise TrainingError(str(error)) from error
    with open_source(photos) as source:
        for name, way in ways.items():
            figures = photo_metrics(source.folder, way, threshold)
            print(_words(figures, name == "whole_photos"))
            if name:
                metrics[name] = {"data": source.name, "data_sha256": source.sha256, **figures}
    if not options.detector:
        write_json(METRICS, metrics)
        write_figures(metrics)
        _add_to_card(metrics["whole_photos"])
        print(f"added to {display_path(METRICS)}")


def _words(figures: dict[str, Any], as_photo: bool) -> str:
    found = figures["found_faces"]
    return (
        f"{figures['photos']:,} photos, judged as {'photos' if as_photo else 'in video'}:"
        f" accuracy {figures['accuracy_all_photos']:.4f}"
        f" ({figures['no_face_found']} without a face count as wrong),"
        f" AUC of the found {found['auc']:.4f}, calibration error"
        f" {found['calibration_error']:.4f};"
        f" best possible threshold {figures['best_threshold']:.3f}"
        f" would give {figures['accuracy_at_best_threshold']:.4f} of the found"
    )


if __name__ == "__main__":
    run_command(main)
