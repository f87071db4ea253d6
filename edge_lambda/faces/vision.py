"""Find the faces of a frame and score their smiles with the shipped models."""

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

# Most video has luma from 16 to 235 (ITU-R BT.601); the training images use 0 to 255.
_FULL_RANGE = np.clip((np.arange(256) - 16) * (255 / 219) + 0.5, 0, 255).astype(np.uint8)


class Vision(Protocol):
    """What the loop needs to find and score faces."""

    def find_faces(self, frame: Frame) -> list[Observation]:
        """Return the faces of a frame, relative to its size."""

    def smile_scores(
        self, frame: Frame, keypoints: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Return a smile score, 0 to 1, for each face; float32 (N,).

        `keypoints` are float32 (6, 2), relative to the frame; the score is NaN where they
        give no crop.
        """


class SmileVision:
    """The face detector and the smile classifier of `smile_vision`.

    Parameters
    ----------
    kind : str
        Face detector: ``short``, ``full`` or ``back``.
    min_face_score : float or None
        Least detector confidence; None takes the detector's default.
    min_face_px : int
        Faces with a shorter side, in px of the full frame, are ignored.
    """

    def __init__(
        self, kind: str = "full", min_face_score: float | None = None, min_face_px: int = 24
    ) -> None:
        self._detector = VideoFaceDetector(kind, min_face_score)
        self._classifier = SmileClassifier.load(flip=True)
        self._min_face_px = min_face_px

    @property
    def card(self) -> ModelCard:
        """The classifier's model card."""
        return self._classifier.model_card

    @property
    def largest_score(self) -> float:
        """The largest score that the quantised classifier can output."""
        return self._classifier.largest_score

    def find_faces(self, frame: Frame) -> list[Observation]:
        """Return the faces of a frame, relative to its size."""
        rgb = frame.rgb(self._detector.input_px)
        height, width = rgb.shape[:2]
        min_side = self._min_face_px * width / frame.width
        found = [face for face in self._detector.detect(rgb) if min(face.box[2:]) >= min_side]
        relative = [face.scaled(1 / width, 1 / height) for face in found]
        return [Observation(face.box, face.score, face.keypoints) for face in relative]

    def smile_scores(
        self, frame: Frame, keypoints: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Return a smile score, 0 to 1, for each face; float32 (N,).

        `keypoints` are float32 (6, 2), relative to the frame; the score is NaN where they
        give no crop.
        """
        scores = np.full(len(keypoints), np.nan, dtype=np.float32)
        if not keypoints:
            return scores
        grey = frame.grey()
        size = np.array(grey.shape[::-1], dtype=np.float32)
        crops, indexes = [], []
        for index, points in enumerate(keypoints):
            with suppress(ImageError):  # eyes and mouth coincide: skip this face only
                crops.append(crop_face(grey, points * size))
                indexes.append(index)
        if crops:
            stacked = np.stack(crops)
            # Stretching the crops gives the same result as stretching the frame, but is cheaper.
            stretched = _FULL_RANGE[stacked] if frame.is_limited_range else stacked
            scores[indexes] = self._classifier.smile_scores(stretched)
        return scores
