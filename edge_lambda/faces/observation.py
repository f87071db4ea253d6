"""A face in one frame: what the vision code finds and a track follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smile_vision.faces.boxes import Box


@dataclass(frozen=True, eq=False, slots=True)
class Observation:
    """A detected face; coordinates are relative to the frame's width and height.

    Attributes
    ----------
    box : Box
    score : float
        Detector confidence, 0 to 1.
    keypoints : ndarray
        float32 (6, 2), in BlazeFace order.
    """

    box: Box
    score: float
    keypoints: NDArray[np.float32]
