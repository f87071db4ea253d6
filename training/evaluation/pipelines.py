"""The photo and the video pipeline, as they score labelled whole photos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from smile_vision.errors import VisionError
from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.video_detector import VideoFaceDetector
from smile_vision.photos.photo import load_photo
from smile_vision.photos.photo_smiles import PhotoSmileDetector
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.face_check import FaceCheck
from smile_vision.smiles.quality import quality_of
from smile_vision.smiles.score import score_faces
from training.data.photos import label_table, read_photo_labels
from training.errors import TrainingError
from training.evaluation.photo_metrics import PhotoScores

__all__ = ["Pipeline", "photo_pipeline", "score_photos", "video_pipeline"]

# From a photo's path to the smile score of its largest face; NaN when that face cannot be scored,
# None when no face is found.
Pipeline = Callable[[Path], float | None]


def photo_pipeline() -> Pipeline:
    """Return the pipeline of ``python -m smile_vision``."""
    smiles = PhotoSmileDetector.load()

    def score(path: Path) -> float | None:
        faces = smiles.read(path).faces  # the largest comes first
        if not faces:
            return None
        return np.nan if faces[0].smile_score is None else faces[0].smile_score

    return score


def video_pipeline() -> Pipeline:
    """Return the pipeline of the edge device, for a single frame."""
    detector, face_check = VideoFaceDetector(), FaceCheck.load()
    classifier = SmileClassifier.load()

    def score(path: Path) -> float | None:
        grey = np.asarray(load_photo(path).convert("L"))
        for face in sorted(detector.detect(grey), key=_area, reverse=True):
            crop = crop_face(grey, face.keypoints)
            if face_check.scores(crop[np.newaxis])[0] >= face_check.threshold:
                quality = quality_of(crop, face.keypoints, grey.shape[1], grey.shape[0])
                return score_faces(classifier, [crop], [quality])[0].smile_score
        return None

    return score


def score_photos(folder: Path, pipeline: Pipeline) -> PhotoScores:
    """Run a pipeline on all photos of a folder.

    Parameters
    ----------
    folder
        Contains ``labels.csv`` (path, smile) at any depth.
    pipeline
        Scores a photo.

    Raises
    ------
    TrainingError
        When the table is missing or a photo cannot be read.
    """
    labels = read_photo_labels(folder)
    scores, found = [], []
    for path, _ in labels:
        try:
            score = pipeline(path)
        except VisionError as error:
            raise TrainingError(f"photo {path.name}: {error}") from error
        scores.append(np.nan if score is None else score)
        found.append(score is not None)
    root = label_table(folder).parent
    return PhotoScores(
        names=np.array([path.relative_to(root).as_posix() for path, _ in labels]),
        smile=np.array([smile for _, smile in labels], dtype=bool),
        scores=np.array(scores, dtype=np.float64),
        found=np.array(found, dtype=bool),
    )


def _area(face: FaceDetection) -> float:
    return face.box[2] * face.box[3]
