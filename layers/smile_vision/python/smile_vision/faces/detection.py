"""One face, as a detector found it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.faces.boxes import Box

__all__ = ["KEYPOINT_NAMES", "FaceDetection"]

KEYPOINT_NAMES = (
    "image_left_eye",
    "image_right_eye",
    "nose_tip",
    "mouth",
    "image_left_ear",
    "image_right_ear",
)
"""BlazeFace's order of key points, named by the side of the upright image."""


@dataclass(frozen=True, eq=False, slots=True)
class FaceDetection:
    """A face in one image.

    Coordinates are continuous pixels with (0, 0) at the outer corner of the first pixel, so
    the centre of that pixel is (0.5, 0.5).

    Parameters
    ----------
    box
        x, y, width, height in px; may reach beyond the image.
    score
        How sure the detector is, 0-1.
    keypoints
        float32 (6, 2), x and y in px, in the order of `KEYPOINT_NAMES`.
    """

    box: Box
    score: float
    keypoints: NDArray[np.float32]

    def scaled(self, factor_x: float, factor_y: float | None = None) -> FaceDetection:
        """Carry the face over to the same image in another size.

        Parameters
        ----------
        factor_x, factor_y
            New width over old width, and the same of the heights (``factor_x`` if None).

        Returns
        -------
        FaceDetection
            In the pixels of the other image.
        """
        factor_y = factor_x if factor_y is None else factor_y
        x, y, width, height = self.box
        box = (x * factor_x, y * factor_y, width * factor_x, height * factor_y)
        factors = np.array([factor_x, factor_y], dtype=np.float32)
        return FaceDetection(box, self.score, self.keypoints * factors)

    def shifted(self, offset_x: float, offset_y: float) -> FaceDetection:
        """Carry the face over from a part of an image to the whole.

        Parameters
        ----------
        offset_x, offset_y
            Where the part's upper left corner lies in the whole, px.

        Returns
        -------
        FaceDetection
            In the pixels of the whole.
        """
        x, y, width, height = self.box
        offset = np.array([offset_x, offset_y], dtype=np.float32)
        box = (x + offset_x, y + offset_y, width, height)
        return FaceDetection(box, self.score, self.keypoints + offset)

    def pixel_box(self, image_width: int, image_height: int) -> tuple[int, int, int, int]:
        """Round the box to whole pixels inside the image.

        Parameters
        ----------
        image_width, image_height
            Size of the image, px.

        Returns
        -------
        tuple of int
            x, y, width, height; never beyond the image, width and height at least 1.
        """
        x, y, width, height = self.box
        left = min(max(round(x), 0), image_width - 1)
        top = min(max(round(y), 0), image_height - 1)
        right = min(max(round(x + width), left + 1), image_width)
        bottom = min(max(round(y + height), top + 1), image_height)
        return left, top, right - left, bottom - top


def is_image(array: Any, dimensions: int) -> bool:
    """Tell whether ``array`` is uint8 and of this many dimensions, none of them empty."""
    return (
        isinstance(array, np.ndarray)
        and array.dtype == np.uint8
        and array.ndim == dimensions
        and array.size > 0
    )
