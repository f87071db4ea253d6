"""Faces of a frame and how much they smile, with the shipped models."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_lambda.camera import Frame
from edge_lambda.faces.observation import Observation
from smile_vision.errors import ImageError
from smile_vision.faces.video_detector import VideoFaceDetector
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.model_card import ModelCard

# Luma of video runs from 16 to 235 (ITU-R BT.601), that of the training pictures from 0 to 255.
_FULL_RANGE = np.clip((np.arange(256) - 16) * (255 / 219) + 0.5, 0, 255).astype(np.uint8)


class Vision(Protocol):
    """What the loop asks of the eyes."""

    def find_faces(self, frame: Frame) -> list[Observation]:
        """Return the faces of a frame."""

    def smile_scores(
        self, frame: Frame, keypoints: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Return a score from 0 to 1 for each set of key points (6, 2), relative to the frame."""


class SmileVision:
    """The face detector and the smile classifier of `smile_vision`.

    Parameters
    ----------
    kind : str
        Which face detector.
    min_face_score : float or None
        None takes the detector's own.
    min_face_px : int
        Faces with a shorter side, in px of the whole frame, are left out.
    """

    def __init__(
        self, kind: str = "full", min_face_score: float | None = None, min_face_px: int = 24
    ) -> None:
        self._detector = VideoFaceDetector(kind, min_face_score)
        self._classifier = SmileClassifier.load(flip=True)
        self._min_face_px = min_face_px

    @property
    def card(self) -> ModelCard:
        """The classifier's card."""
        return self._classifier.model_card

    @property
    def largest_score(self) -> float:
        """The largest score that the quantised classifier can give."""
        return self._classifier.largest_score

    def find_faces(self, frame: Frame) -> list[Observation]:
        """Return the faces of a frame, in shares of its size."""
        rgb = frame.rgb(self._detector.input_px)
        height, width = rgb.shape[:2]
        min_side = self._min_face_px * width / frame.width
        found = [face for face in self._detector.detect(rgb) if min(face.box[2:]) >= min_side]
        shares = [face.scaled(1 / width, 1 / height) for face in found]
        return [Observation(face.box, face.score, face.keypoints) for face in shares]

    def smile_scores(
        self, frame: Frame, keypoints: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Return the smile score of each face, NaN where there is no face to cut; float32 (N,)."""
        scores = np.full(len(keypoints), np.nan, dtype=np.float32)
        if not keypoints:
            return scores
        grey = frame.grey()
        size = np.array(grey.shape[::-1], dtype=np.float32)
        crops, indexes = [], []
        for index, points in enumerate(keypoints):
            with suppress(ImageError):  # eyes and mouth in one place: one face less, not all
                crops.append(crop_face(grey, points * size))
                indexes.append(index)
        if crops:
            stacked = np.stack(crops)
            # Stretching the crops instead of the frame gives the same and costs nothing.
            stretched = _FULL_RANGE[stacked] if frame.is_limited_range else stacked
            scores[indexes] = self._classifier.smile_scores(stretched)
        return scores
