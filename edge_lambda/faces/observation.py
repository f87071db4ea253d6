"""A face in one frame, as the tracker and the vision code exchange it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smile_vision.faces.boxes import Box


@dataclass(frozen=True, eq=False, slots=True)
class Observation:
    """A face in one frame, in shares of the frame's width and height.

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
