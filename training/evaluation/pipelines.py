"""Metrics of the photo and the video pipeline on labelled whole photos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import VisionError
from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.video_detector import VideoFaceDetector
from smile_vision.photos.photo import load_photo
from smile_vision.photos.photo_smiles import PhotoSmileDetector
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.face_check import FaceCheck
from training.data.photos import read_photo_labels
from training.errors import TrainingError
from training.evaluation.metric_summary import interval, rounded, score_metrics
from training.evaluation.metrics import accuracy_at, best_threshold, wilson_interval

__all__ = [
    "Pipeline",
    "photo_metrics",
    "photo_pipeline",
    "photo_score_metrics",
    "video_pipeline",
]

# From a photo's path to the smile score of its largest face; None when no face is found.
Pipeline = Callable[[Path], float | None]


def photo_pipeline() -> Pipeline:
    """Return the pipeline of ``python -m smile_vision``."""
    smiles = PhotoSmileDetector.load()

    def score(path: Path) -> float | None:
        faces = smiles.read(path).faces  # the largest comes first
        return faces[0].smile_score if faces else None

    return score


def video_pipeline() -> Pipeline:
    """Return the pipeline of the edge device, for a single frame."""
    detector, face_check = VideoFaceDetector(), FaceCheck.load()
    classifier = SmileClassifier.load()

    def score(path: Path) -> float | None:
        grey = np.asarray(load_photo(path).convert("L"))
        for face in sorted(detector.detect(grey), key=_area, reverse=True):
            crop = crop_face(grey, face.keypoints)[np.newaxis]
            if face_check.scores(crop)[0] >= face_check.threshold:
                return float(classifier.smile_scores(crop)[0])
        return None

    return score


def photo_metrics(folder: Path, pipeline: Pipeline, threshold: float) -> dict[str, Any]:
    """Evaluate a pipeline on all photos of a folder.

    Parameters
    ----------
    folder
        Contains ``labels.csv`` (path, smile) at any depth.
    pipeline
        Scores a photo.
    threshold
        Scores of at least this are classified as a smile.

    Returns
    -------
    dict[str, Any]
        See `photo_score_metrics`.

    Raises
    ------
    TrainingError
        When the table is missing, a photo cannot be read, or the faces found have one label only.
    """
    labels, scores = [], []
    for path, smile in read_photo_labels(folder):
        try:
            score = pipeline(path)
        except VisionError as error:
            raise TrainingError(f"photo {path.name}: {error}") from error
        labels.append(smile)
        scores.append(np.nan if score is None else score)
    smiles, found = np.array(labels, dtype=bool), ~np.isnan(scores)
    return photo_score_metrics(np.array(scores), smiles, found, threshold)


def photo_score_metrics(
    scores: NDArray[np.float64],
    smile: NDArray[np.bool_],
    found: NDArray[np.bool_],
    threshold: float,
) -> dict[str, Any]:
    """Return the metrics of scores on whole photos.

    Parameters
    ----------
    scores
        (N,) in [0, 1]; ignored where no face was found.
    smile, found
        bool (N,): the label; whether a face was found.
    threshold
        Scores of at least this are classified as a smile.

    Returns
    -------
    dict[str, Any]
        Ready for JSON. A photo without a face counts as an error in the accuracy of all photos;
        the other metrics are those of the faces found.

    Raises
    ------
    TrainingError
        When the faces found have one label only.
    """
    if not smile[found].any() or smile[found].all():
        raise TrainingError("photos: expected faces with and without a smile to be found")
    metrics = score_metrics(scores[found], smile[found], threshold)
    correct = metrics["true_positive"] + metrics["true_negative"]
    best = best_threshold(scores[found], smile[found])
    return {
        "photos": len(smile),
        "no_face_found": int((~found).sum()),
        "accuracy_all_photos": rounded(correct / len(smile)),
        "accuracy_all_photos_95": interval(wilson_interval(correct, len(smile))),
        "found_faces": metrics,
        "best_threshold": rounded(best),
        "accuracy_at_best_threshold": rounded(accuracy_at(scores[found], smile[found], best)),
    }


def _area(face: FaceDetection) -> float:
    return face.box[2] * face.box[3]
