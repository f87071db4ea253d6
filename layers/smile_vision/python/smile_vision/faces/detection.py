"""One face that a detector found, and the images that detectors accept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import ImageError
from smile_vision.faces.boxes import Box

__all__ = ["EYES_AND_MOUTH", "FaceDetection", "check_grey", "check_image", "check_rgb"]

EYES_AND_MOUTH = (0, 1, 3)
"""Rows of `FaceDetection.keypoints`: image-left eye, image-right eye, mouth."""

_MIRRORED = [1, 0, 2, 3, 5, 4]  # a mirror swaps the eyes and the ears


@dataclass(frozen=True, eq=False, slots=True)
class FaceDetection:
    """A face in one image.

    Coordinates are continuous pixels: (0, 0) is the outer corner of the first pixel, and (0.5,
    0.5) is its centre.

    Parameters
    ----------
    box
        x, y, width, height in px; may extend beyond the image.
    score
        Confidence of the detector, 0 to 1.
    keypoints
        float32 (6, 2), x and y in px: image-left eye, image-right eye, nose tip, mouth,
        image-left ear, image-right ear. Left and right are those of the upright image.
    """

    box: Box
    score: float
    keypoints: NDArray[np.float32]

    def scaled(self, factor_x: float, factor_y: float) -> FaceDetection:
        """Return the face in the pixels of the same image in another size.

        Parameters
        ----------
        factor_x, factor_y
            New width over old width, and new height over old height.
        """
        x, y, width, height = self.box
        box = (x * factor_x, y * factor_y, width * factor_x, height * factor_y)
        factors = np.array([factor_x, factor_y], dtype=np.float32)
        return FaceDetection(box, self.score, self.keypoints * factors)

    def shifted(self, offset_x: float, offset_y: float) -> FaceDetection:
        """Return the face in the pixels of the whole image, from those of a part of it.

        Parameters
        ----------
        offset_x, offset_y
            Upper left corner of the part in the whole image, px.
        """
        x, y, width, height = self.box
        offset = np.array([offset_x, offset_y], dtype=np.float32)
        box = (x + offset_x, y + offset_y, width, height)
        return FaceDetection(box, self.score, self.keypoints + offset)

    def mirrored(self, image_width: float) -> FaceDetection:
        """Return the face of a mirror image in the px of the original.

        Parameters
        ----------
        image_width
            Of both, px.
        """
        x, y, width, height = self.box
        points = self.keypoints[_MIRRORED, :]
        points[:, 0] = image_width - points[:, 0]
        return FaceDetection((image_width - x - width, y, width, height), self.score, points)

    def pixel_box(self, image_width: int, image_height: int) -> tuple[int, int, int, int]:
        """Return the box in whole pixels within the image.

        Parameters
        ----------
        image_width, image_height
            Size of the image, px.

        Returns
        -------
        tuple of int
            x, y, width, height; width and height are at least 1.
        """
        x, y, width, height = self.box
        left = min(max(round(x), 0), image_width - 1)
        top = min(max(round(y), 0), image_height - 1)
        right = min(max(round(x + width), left + 1), image_width)
        bottom = min(max(round(y + height), top + 1), image_height)
        return left, top, right - left, bottom - top


def check_rgb(array: Any) -> None:
    """Raise `ImageError` unless ``array`` is uint8 (height, width, 3) and not empty."""
    if not _is_image(array, 3) or array.shape[2] != 3:  # noqa: PLR2004 - red, green, blue
        raise ImageError("rgb: expected a uint8 array of shape (height, width, 3)")


def check_grey(array: Any) -> None:
    """Raise `ImageError` unless ``array`` is uint8 (height, width) and not empty."""
    if not _is_image(array, 2):
        raise ImageError("grey: expected a uint8 array of shape (height, width)")


def check_image(array: Any) -> None:
    """Raise `ImageError` unless ``array`` is uint8 (height, width), perhaps (…, 3), not empty."""
    if not _is_image(array, 2) and not (_is_image(array, 3) and array.shape[2] == 3):  # noqa: PLR2004
        raise ImageError("image: expected a uint8 array of shape (height, width[, 3])")


def _is_image(array: Any, dimensions: int) -> bool:
    return (
        isinstance(array, np.ndarray)
        and array.dtype == np.uint8
        and array.ndim == dimensions
        and array.size > 0
    )
