"""Find every face in a photo and whether it smiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.photos.photo import read_photo
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.face_check import FaceCheck
from smile_vision.smiles.model_card import ModelCard
from smile_vision.smiles.quality import Quality, quality_of
from smile_vision.smiles.score import score_faces

__all__ = ["PhotoFace", "PhotoResult", "PhotoSmileDetector"]

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class PhotoFace:
    """One face and its result.

    Parameters
    ----------
    box
        x, y, width, height in whole px of the upright photo.
    face_score
        Confidence of the face detector, 0 to 1.
    smile_score
        Probability of a smile, 0 to 1; None when the face cannot be scored.
    smiling
        Whether ``smile_score`` reaches the threshold of the model card; None without a score.
    quality
        ``GOOD``, or why the face cannot be scored.
    """

    box: tuple[int, int, int, int]
    face_score: float
    smile_score: float | None
    smiling: bool | None
    quality: Quality = Quality.GOOD

    @property
    def decision(self) -> str:
        """The decision and its score for people, as in ``not smiling (0.02)``.

        ``cannot tell (mouth hidden)`` when there is no score.
        """
        if self.smile_score is None:
            return f"cannot tell ({self.quality})"
        return f"{'smiling' if self.smiling else 'not smiling'} ({self.smile_score:.2f})"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields in JSON types."""
        return {
            "box": list(self.box),
            "face_score": round(self.face_score, _DIGITS),
            "smile_score": None if self.smile_score is None else round(self.smile_score, _DIGITS),
            "smiling": self.smiling,
            "quality": str(self.quality),
        }


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """A photo's faces, the main one first.

    Parameters
    ----------
    width, height
        Of the upright photo, px.
    faces
        Every face that was found, in the order of `PhotoFaceDetector.detect`.
    first_frame_only
        Whether the file has further frames or pages, which are ignored.
    """

    width: int
    height: int
    faces: tuple[PhotoFace, ...]
    first_frame_only: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the fields in JSON types."""
        return {
            "width": self.width,
            "height": self.height,
            "first_frame_only": self.first_frame_only,
            "faces": [face.to_dict() for face in self.faces],
        }


_UNUSABLE_VIEWS = (Quality.CUT_OFF, Quality.FLAT)
"""A photo is taken once, on purpose: its small and turned faces get a score, as people expect. A
camera sees each face again in a better view."""


class PhotoSmileDetector:
    """Face detector and smile classifier for photos, loaded once.

    Parameters
    ----------
    detector
        Finds the faces.
    face_check
        Rejects detections that show something else.
    classifier
        Scores the faces.
    """

    def __init__(
        self, detector: PhotoFaceDetector, face_check: FaceCheck, classifier: SmileClassifier
    ) -> None:
        self._detector = detector
        self._face_check = face_check
        self._classifier = classifier

    @classmethod
    def load(cls) -> PhotoSmileDetector:
        """Load the shipped models, set up for accuracy rather than speed.

        Raises
        ------
        VisionError
            A model is missing or altered, or no interpreter is installed.
        """
        return cls(PhotoFaceDetector(), FaceCheck.load(), SmileClassifier.load(flip=True))

    @property
    def model_card(self) -> ModelCard:
        """The card of the smile classifier."""
        return self._classifier.model_card

    def read(self, path: Path) -> PhotoResult:
        """Return the faces of a photo file.

        Raises
        ------
        ImageError
            The photo cannot be read, see `read_photo`.
        """
        photo = read_photo(path)
        return self.detect(photo.image, first_frame_only=photo.first_frame_only)

    def detect(self, photo: Image.Image, *, first_frame_only: bool = False) -> PhotoResult:
        """Return the faces of an upright photo, mode RGB.

        Parameters
        ----------
        photo
            Mode RGB.
        first_frame_only
            A field of the result.
        """
        found = self._detector.detect(np.asarray(photo))
        faces, crops = self._check(found, np.asarray(photo.convert("L")))
        views = (
            quality_of(crop, face.keypoints, photo.width, photo.height)
            for face, crop in zip(faces, crops, strict=True)
        )
        qualities = [view if view in _UNUSABLE_VIEWS else Quality.GOOD for view in views]
        threshold = self._classifier.model_card.threshold
        results = []
        for face, one in zip(faces, score_faces(self._classifier, crops, qualities), strict=True):
            score = None if math.isnan(one.smile_score) else one.smile_score
            smiling = None if score is None else score >= threshold
            box = face.pixel_box(photo.width, photo.height)
            results.append(PhotoFace(box, face.score, score, smiling, one.quality))
        return PhotoResult(photo.width, photo.height, tuple(results), first_frame_only)

    def _check(
        self, found: Sequence[FaceDetection], grey: NDArray[np.uint8]
    ) -> tuple[list[FaceDetection], list[NDArray[np.uint8]]]:
        """Return the detections that show a face, and their crops."""
        if not found:
            return [], []
        crops = np.stack([crop_face(grey, face.keypoints) for face in found])
        is_face = self._face_check.scores(crops) >= self._face_check.threshold
        kept = np.flatnonzero(is_face).tolist()
        return [found[index] for index in kept], [crops[index] for index in kept]
