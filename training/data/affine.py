"""Rotate, scale and shift a crop."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.smiles.preprocess import CROP_SIZE_PX

__all__ = ["move"]

_CENTRE = (CROP_SIZE_PX - 1) / 2


def move(
    crop: NDArray[np.uint8],
    *,
    angle_deg: float = 0.0,
    scale: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
    border_px: int = CROP_SIZE_PX // 2,
) -> NDArray[np.uint8]:
    """Rotate and scale a crop about its centre, then shift it.

    Parameters
    ----------
    crop
        uint8 (64, 64).
    angle_deg
        Clockwise.
    scale
        Above 1 enlarges.
    shift
        To the right and down, px.
    border_px
        How far the edge is repeated to fill what comes into view.

    Returns
    -------
    NDArray[np.uint8]
        (64, 64).
    """
    padded = np.pad(crop, border_px, mode="edge")
    angle = math.radians(angle_deg)
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    # Pillow maps each output pixel to the input pixel it is taken from. It counts from the edge of
    # a pixel, not its middle, so the centre is at pixel 31, half a pixel from the middle of the
    # crop. The shipped model and robustness.json were made this way.
    origin_x = _CENTRE + border_px - shift[0] - cos * _CENTRE - sin * _CENTRE
    origin_y = _CENTRE + border_px - shift[1] + sin * _CENTRE - cos * _CENTRE
    moved = Image.fromarray(padded).transform(
        crop.shape,
        Image.Transform.AFFINE,
        (cos, sin, origin_x, -sin, cos, origin_y),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(moved)
