"""From a photo's file to every face in it and whether it smiles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.photos.photo import load_photo
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.preprocess import CROP_SIZE_PX

__all__ = ["PhotoFace", "PhotoResult", "PhotoSmileDetector"]

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class PhotoFace:
    """One face and its verdict.

    Parameters
    ----------
    box
        x, y, width, height in whole px of the upright photo.
    face_score
        How sure it is a face, 0-1.
    smile_score
        Probability of a smile, 0-1.
    smiling
        Whether ``smile_score`` reaches the model's threshold.
    """

    box: tuple[int, int, int, int]
    face_score: float
    smile_score: float
    smiling: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            "box": list(self.box),
            "face_score": round(self.face_score, _DIGITS),
            "smile_score": round(self.smile_score, _DIGITS),
            "smiling": self.smiling,
        }


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """A photo's faces, largest first.

    Parameters
    ----------
    width, height
        Of the upright photo, px.
    faces
        Every face found.
    """

    width: int
    height: int
    faces: tuple[PhotoFace, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            "width": self.width,
            "height": self.height,
            "faces": [face.to_dict() for face in self.faces],
        }


class PhotoSmileDetector:
    """Detector and classifier for photos, loaded once.

    Parameters
    ----------
    detector
        Finds the faces.
    classifier
        Judges them.
    """

    def __init__(self, detector: PhotoFaceDetector, classifier: SmileClassifier) -> None:
        self.detector = detector
        self.classifier = classifier

    @classmethod
    def load(cls) -> PhotoSmileDetector:
        """Load the shipped models, set up for accuracy rather than speed.

        Returns
        -------
        PhotoSmileDetector

        Raises
        ------
        VisionError
            A model is missing or altered, or there is no interpreter.
        """
        return cls(PhotoFaceDetector(), SmileClassifier.load(flip=True))

    def read(self, path: Path) -> PhotoResult:
        """Judge a photo's file.

        Parameters
        ----------
        path
            The photo.

        Returns
        -------
        PhotoResult

        Raises
        ------
        ImageError
            The photo cannot be read, see `load_photo`.
        """
        return self.judge(load_photo(path))

    def judge(self, photo: Image.Image) -> PhotoResult:
        """Judge a photo.

        Parameters
        ----------
        photo
            Upright, mode RGB.

        Returns
        -------
        PhotoResult
        """
        faces = self.detector.detect(np.asarray(photo))
        if not faces:
            return PhotoResult(photo.width, photo.height, ())
        grey = np.asarray(photo.convert("L"))
        crops = np.empty((len(faces), CROP_SIZE_PX, CROP_SIZE_PX), dtype=np.uint8)
        for crop, face in zip(crops, faces, strict=True):
            crop[...] = crop_face(grey, face.keypoints)
        scores = self.classifier.smile_scores(crops).tolist()
        threshold = self.classifier.card.threshold
        judged = (
            PhotoFace(
                face.pixel_box(photo.width, photo.height), face.score, score, score >= threshold
            )
            for face, score in zip(faces, scores, strict=True)
        )
        return PhotoResult(photo.width, photo.height, tuple(judged))
