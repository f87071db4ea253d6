"""The networks that the loop runs on a frame: search, closer look and smile classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_lambda.camera import Frame
from edge_lambda.faces.observation import Observation
from edge_lambda.faces.search_plan import Region
from smile_vision.errors import ImageError
from smile_vision.faces.boxes import Box
from smile_vision.faces.video_detector import VideoFaceDetector
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.face_check import FaceCheck
from smile_vision.smiles.model_card import ModelCard
from smile_vision.smiles.quality import Quality, quality_of
from smile_vision.smiles.score import FaceScore, score_faces

# Most video has luma from 16 to 235 (ITU-R BT.601); the training images use 0 to 255.
_FULL_RANGE = np.clip((np.arange(256) - 16) * (255 / 219) + 0.5, 0, 255).astype(np.uint8)


class Vision(Protocol):
    """What the loop needs to find and score faces."""

    def search(self, frame: Frame, region: Region) -> list[Box]:
        """Return the candidates for faces in a region, relative to the frame, best first."""

    def look(
        self, frame: Frame, box: Box, room: float, *, is_mirrored: bool = False
    ) -> Observation | None:
        """Return the face near a box, relative to the frame.

        `room` is the side of the area to look at, relative to the longer side of the box.
        """

    def is_face(self, frame: Frame, observation: Observation) -> bool:
        """Return whether an observation also looks like a face when it is upright."""

    def score(self, frame: Frame, keypoints: Sequence[NDArray[np.float32]]) -> list[FaceScore]:
        """Return the smile score of each face; `keypoints` as in `Observation`."""


class SmileVision:
    """The face detectors and the smile classifier of `smile_vision`."""

    def __init__(self) -> None:
        self._detector = VideoFaceDetector()
        self._face_check = FaceCheck.load()
        self._classifier = SmileClassifier.load()

    @property
    def card(self) -> ModelCard:
        """The classifier's model card."""
        return self._classifier.model_card

    @property
    def largest_score(self) -> float:
        """The largest score that the quantised classifier can output."""
        return self._classifier.largest_score

    def search(self, frame: Frame, region: Region) -> list[Box]:
        """Return the candidates for faces in a region, relative to the frame, best first."""
        rows = slice(region.y, region.y + region.height)
        columns = slice(region.x, region.x + region.width)
        # Leaving out pixels is far cheaper than averaging them, and candidates may be coarse.
        step = max(max(region.width, region.height) // (2 * self._detector.search_px), 1)
        image = frame.grey()[rows, columns][::step, ::step]
        found = self._detector.search(image, is_whole=region.is_whole)
        in_frame = [face.scaled(step, step).shifted(region.x, region.y) for face in found]
        return [face.scaled(1 / frame.width, 1 / frame.height).box for face in in_frame]

    def look(
        self, frame: Frame, box: Box, room: float, *, is_mirrored: bool = False
    ) -> Observation | None:
        """Return the face near a box, relative to the frame.

        `room` is the side of the area to look at, relative to the longer side of the box.
        """
        width, height = frame.width, frame.height
        box_px = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
        found = self._detector.look(frame.grey(), box_px, room, is_mirrored=is_mirrored)
        if found is None:
            return None
        face = found.scaled(1 / width, 1 / height)
        return Observation(face.box, face.score, face.keypoints)

    def is_face(self, frame: Frame, observation: Observation) -> bool:
        """Return whether an observation also looks like a face when it is upright."""
        size = np.array([frame.width, frame.height], dtype=np.float32)
        crop = _crop(frame.grey(), observation.keypoints * size)
        if crop is None:
            return False
        stretched = _FULL_RANGE[crop] if frame.is_limited_range else crop
        return bool(self._face_check.scores(stretched[np.newaxis])[0] >= self._face_check.threshold)

    def score(self, frame: Frame, keypoints: Sequence[NDArray[np.float32]]) -> list[FaceScore]:
        """Return the smile score of each face; `keypoints` as in `Observation`."""
        if not keypoints:
            return []
        grey = frame.grey()
        height, width = grey.shape
        size = np.array([width, height], dtype=np.float32)
        crops = [_crop(grey, points * size) for points in keypoints]
        qualities = [
            Quality.SMALL if crop is None else quality_of(crop, points * size, width, height)
            for crop, points in zip(crops, keypoints, strict=True)
        ]
        if frame.is_limited_range:
            # Stretching the crops gives the same result as stretching the frame, but is cheaper.
            crops = [None if crop is None else _FULL_RANGE[crop] for crop in crops]
        return score_faces(self._classifier, crops, qualities)


def _crop(grey: NDArray[np.uint8], keypoints: NDArray[np.float32]) -> NDArray[np.uint8] | None:
    try:
        return crop_face(grey, keypoints)
    except ImageError:  # eyes and mouth coincide
        return None
