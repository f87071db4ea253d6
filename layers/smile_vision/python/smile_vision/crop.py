"""Cut a face out of a grey image with the framing of the training pictures.

A similarity transform (turn, one scale, shift) brings the eyes and the mouth as near as it can
to where they lie in the median training picture. It cannot squeeze a face, so a turned head
stays a turned head.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.detection import is_image
from smile_vision.errors import ImageError
from smile_vision.preprocess import CROP_SIZE_PX

__all__ = ["TEMPLATE", "crop_face", "template_transform"]

TEMPLATE = np.array([[17.4, 16.3], [46.6, 16.3], [32.0, 49.0]], dtype=np.float64)
"""Image-left eye, image-right eye and mouth in the crop, px; see docs of ``bench/vision``."""

_EYES_AND_MOUTH = (0, 1, 3)
_MARGIN_PX = 2


def crop_face(grey: NDArray[np.uint8], keypoints: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Cut out one face, upright and of the training pictures' framing.

    Parameters
    ----------
    grey
        uint8 (H, W), the whole image; a video frame's Y plane will do.
    keypoints
        float32 (6, 2), px of ``grey``, as in `FaceDetection.keypoints`.

    Returns
    -------
    ndarray
        uint8 (64, 64). What lies beyond the image repeats its edge.

    Raises
    ------
    ImageError
        ``grey`` is no such array, or the key points are not finite or all in one place.
    """
    if not is_image(grey, 2):
        raise ImageError("grey: expected a uint8 array of shape (height, width)")
    a, b, shift_x, shift_y = template_transform(keypoints)
    scale = math.hypot(a, b)
    left, top, right, bottom = _bounds(a, b, shift_x, shift_y)
    region = _cut(grey, left, top, right, bottom)
    image = Image.fromarray(region)
    # Coarser first, averaging over areas, so that fine texture does not turn into noise.
    shrink = max(int(scale), 1)
    if shrink > 1:
        image = image.reduce(shrink)
    coefficients = (
        a / shrink,
        -b / shrink,
        (shift_x - left) / shrink,
        b / shrink,
        a / shrink,
        (shift_y - top) / shrink,
    )
    crop = image.transform(
        (CROP_SIZE_PX, CROP_SIZE_PX),
        Image.Transform.AFFINE,
        coefficients,
        Image.Resampling.BILINEAR,
    )
    return np.asarray(crop)


def template_transform(keypoints: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Fit the transform from the crop to the image, by least squares.

    With points as complex numbers a similarity is ``image = s * crop + t``, and the best s and
    t have a closed form (Umeyama 1991 in two dimensions, without reflections).

    Parameters
    ----------
    keypoints
        float32 (6, 2), px of the image.

    Returns
    -------
    tuple of float
        a, b, shift_x, shift_y with ``x = a * u - b * v + shift_x`` and
        ``y = b * u + a * v + shift_y`` for a point (u, v) of the crop.

    Raises
    ------
    ImageError
        The points are not finite or all in one place.
    """
    eyes_and_mouth = np.asarray(keypoints, dtype=np.float64)[_EYES_AND_MOUTH, :]
    image = eyes_and_mouth[:, 0] + 1j * eyes_and_mouth[:, 1]
    crop = TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1]
    image_mean, crop_mean = image.mean(), crop.mean()
    centred = crop - crop_mean
    s = complex(np.vdot(centred, image - image_mean) / np.vdot(centred, centred).real)
    if not (math.isfinite(abs(s)) and abs(s) > 1e-6):  # noqa: PLR2004 - a face of no size
        raise ImageError("keypoints: expected eyes and mouth in different places")
    t = complex(image_mean - s * crop_mean)
    return s.real, s.imag, t.real, t.imag


def _bounds(a: float, b: float, shift_x: float, shift_y: float) -> tuple[int, int, int, int]:
    """Bound the turned square of the crop in the image: left, top, right, bottom in px."""
    side = CROP_SIZE_PX
    xs = (0, a * side, -b * side, (a - b) * side)
    ys = (0, b * side, a * side, (a + b) * side)
    return (
        math.floor(min(xs) + shift_x) - _MARGIN_PX,
        math.floor(min(ys) + shift_y) - _MARGIN_PX,
        math.ceil(max(xs) + shift_x) + _MARGIN_PX,
        math.ceil(max(ys) + shift_y) + _MARGIN_PX,
    )


def _cut(
    grey: NDArray[np.uint8], left: int, top: int, right: int, bottom: int
) -> NDArray[np.uint8]:
    """Cut a rectangle; beyond the image, repeat the nearest pixel."""
    height, width = grey.shape
    if left >= 0 and top >= 0 and right <= width and bottom <= height:
        return np.ascontiguousarray(grey[top:bottom, left:right])
    rows = np.arange(top, bottom).clip(0, height - 1)
    columns = np.arange(left, right).clip(0, width - 1)
    region: NDArray[np.uint8] = grey[rows[:, None], columns]
    return region
