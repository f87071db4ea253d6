"""Sample a rotated and scaled square of an image."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.errors import ImageError

__all__ = ["Similarity", "fit_similarity", "sample_square"]

_MARGIN_PX = 2


class Similarity(NamedTuple):
    """Rotate, scale and shift points (u, v) of a square to points (x, y) of an image.

    ``x = a * u - b * v + shift_x`` and ``y = b * u + a * v + shift_y``.
    """

    a: float
    b: float
    shift_x: float
    shift_y: float

    @property
    def scale(self) -> float:
        """Pixels of the image per pixel of the square."""
        return math.hypot(self.a, self.b)

    def apply(self, points: NDArray[Any]) -> NDArray[np.float32]:
        """Return the points (..., 2) of the square in the image."""
        u, v = points[..., 0], points[..., 1]
        x = self.a * u - self.b * v + self.shift_x
        y = self.b * u + self.a * v + self.shift_y
        return np.stack([x, y], axis=-1).astype(np.float32)


def fit_similarity(square: NDArray[Any], image: NDArray[Any]) -> Similarity:
    """Return the transform that maps points of the square nearest to points of the image.

    With points as complex numbers a similarity is ``image = s * square + t``, and the least
    squares s and t have a closed form (Umeyama 1991, in two dimensions, without mirroring).

    Parameters
    ----------
    square, image
        (N, 2) each, x and y in px, N at least 2.

    Returns
    -------
    Similarity

    Raises
    ------
    ImageError
        The points of the image are not finite, or all in one place.
    """
    # Plain numbers, in a fixed order: np.vdot leaves it to the BLAS library, see `weighted_sum`.
    source = [complex(x, y) for x, y in square.tolist()]
    target = [complex(x, y) for x, y in image.tolist()]
    source_mean, target_mean = sum(source) / len(source), sum(target) / len(target)
    centred = [point - source_mean for point in source]
    moved = (place - target_mean for place in target)
    products = sum(one.conjugate() * other for one, other in zip(centred, moved, strict=True))
    s = products / sum(abs(point) ** 2 for point in centred)
    if not (math.isfinite(abs(s)) and abs(s) > 1e-6):  # noqa: PLR2004 - a face without size
        raise ImageError("keypoints: expected finite points in different places")
    t = target_mean - s * source_mean
    return Similarity(s.real, s.imag, t.real, t.imag)


def sample_square(image: NDArray[np.uint8], view: Similarity, side_px: int) -> NDArray[np.uint8]:
    """Return a square of an image, without aliasing. Beyond the image its edge is repeated.

    Parameters
    ----------
    image
        uint8 (H, W) or (H, W, 3).
    view
        Position of the square in the image.
    side_px
        Side of the square, px.

    Returns
    -------
    ndarray
        uint8 (side_px, side_px) or (side_px, side_px, 3), not writable.
    """
    left, top, right, bottom = _bounds(view, side_px)
    region = Image.fromarray(_cut(image, left, top, right, bottom))
    # Average over areas first: otherwise fine texture turns into noise.
    shrink = max(int(view.scale), 1)
    if shrink > 1:
        region = region.reduce(shrink)
    a, b = view.a / shrink, view.b / shrink
    shift_x, shift_y = (view.shift_x - left) / shrink, (view.shift_y - top) / shrink
    sampled = region.transform(
        (side_px, side_px),
        Image.Transform.AFFINE,
        (a, -b, shift_x, b, a, shift_y),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(sampled)


def _bounds(view: Similarity, side_px: int) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the rotated square in the image, px."""
    a, b = view.a * side_px, view.b * side_px
    left = view.shift_x + min(0, a, -b, a - b)
    right = view.shift_x + max(0, a, -b, a - b)
    top = view.shift_y + min(0, b, a, a + b)
    bottom = view.shift_y + max(0, b, a, a + b)
    return (
        math.floor(left) - _MARGIN_PX,
        math.floor(top) - _MARGIN_PX,
        math.ceil(right) + _MARGIN_PX,
        math.ceil(bottom) + _MARGIN_PX,
    )


def _cut(
    image: NDArray[np.uint8], left: int, top: int, right: int, bottom: int
) -> NDArray[np.uint8]:
    """Return a rectangle of the image. Beyond the image the nearest pixel is repeated."""
    height, width = image.shape[:2]
    if left >= 0 and top >= 0 and right <= width and bottom <= height:
        return np.ascontiguousarray(image[top:bottom, left:right])
    rows = np.arange(top, bottom).clip(0, height - 1)
    columns = np.arange(left, right).clip(0, width - 1)
    return image.take(rows, axis=0).take(columns, axis=1)
