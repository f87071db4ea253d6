"""From the 64x64 grey crop to the numbers the network sees; service and training share it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

CROP_SIZE_PX = 64

_MIDDLE_GREY = 128
_MEAN = (75.0, 185.0)  # grey levels: a crop that is darker or brighter is brought to the nearer
_SPREAD = (25.0, 80.0)  # likewise for the standard deviation, the contrast
_LEAST_SPREAD = 6.0  # a crop with less is stretched no further: that would show its noise
_GREYS = np.arange(256, dtype=np.float64)
_SQUARES = _GREYS**2

__all__ = ["CROP_SIZE_PX", "preprocess", "usual_light"]


def preprocess(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bring grey crops to the network's input range, and those in bad light to a usual one.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64), grey levels 0 (black) to 255 (white).

    Returns
    -------
    NDArray[np.float32]
        (N, 64, 64, 1), in [-1, 0.9921875]: ``(grey - 128) / 128`` of `usual_light`. So the int8
        input of the quantised network (scale 1/128, zero point 0) has each of the 256 levels
        exactly.

    Raises
    ------
    ValueError
        When the crops have another shape or type.
    """
    levels = usual_light(crops).astype(np.float32)
    levels -= _MIDDLE_GREY
    levels /= _MIDDLE_GREY
    return levels[..., np.newaxis]


def usual_light(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring crops in bad light to a usual one.

    A crop whose mean and contrast are usual stays as it is. One that is darker, brighter, flatter
    or harsher than nearly all pictures the network learned from is brought to the edge of what it
    knows.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64).

    Returns
    -------
    NDArray[np.uint8]
        (N, 64, 64); ``crops`` itself when all are usual.

    Raises
    ------
    ValueError
        When the crops have another shape or type.
    """
    if crops.dtype != np.uint8 or crops.shape[1:] != (CROP_SIZE_PX, CROP_SIZE_PX):
        raise ValueError(
            f"crops: expected uint8 (N, {CROP_SIZE_PX}, {CROP_SIZE_PX}),"
            f" got {crops.dtype} {crops.shape}"
        )
    tables = [_correction(crop) for crop in crops]
    if not any(table is not None for table in tables):
        return crops
    return np.stack(
        [crop if table is None else table[crop] for crop, table in zip(crops, tables, strict=True)]
    )


def _correction(crop: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return what each of the 256 grey levels becomes, uint8 (256,); None: it stays."""
    counts = np.bincount(crop.ravel(), minlength=_GREYS.size)  # faster than the crop's own mean
    mean = float(counts @ _GREYS) / crop.size
    spread = math.sqrt(max(float(counts @ _SQUARES) / crop.size - mean**2, 0.0))
    gain = min(max(spread, _SPREAD[0]), _SPREAD[1]) / max(spread, _LEAST_SPREAD)
    middle = min(max(mean, _MEAN[0]), _MEAN[1])
    if gain == 1 and middle == mean:
        return None
    greys = np.rint((_GREYS - mean) * gain + middle)
    return greys.clip(0, 2 * _MIDDLE_GREY - 1).astype(np.uint8)
