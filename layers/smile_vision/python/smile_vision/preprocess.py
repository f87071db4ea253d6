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
_USUAL_TABLE = ((_GREYS - _MIDDLE_GREY) / _MIDDLE_GREY).astype(np.float32)

__all__ = ["CROP_SIZE_PX", "preprocess"]


def preprocess(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bring grey crops to the network's input range, and those in bad light to a usual one.

    A crop whose mean and contrast are usual is only scaled, by ``(grey - 128) / 128``: the int8
    input of the quantised network (scale 1/128, zero point 0) represents each of the 256 levels
    exactly. One that is darker, brighter, flatter or harsher than nearly all pictures the
    network learned from is first brought to the edge of what it knows.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64), grey levels 0 (black) to 255 (white).

    Returns
    -------
    NDArray[np.float32]
        (N, 64, 64, 1), in [-1, 0.9921875].

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
    levels = np.empty((*crops.shape, 1), dtype=np.float32)
    for crop, result in zip(crops, levels, strict=True):
        result[..., 0] = _table(crop)[crop]
    return levels


def _table(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what each of the 256 grey levels becomes in this crop: float32 (256,)."""
    counts = np.bincount(crop.ravel(), minlength=_GREYS.size)  # faster than the crop's own mean
    mean = float(counts @ _GREYS) / crop.size
    spread = math.sqrt(max(float(counts @ _SQUARES) / crop.size - mean**2, 0.0))
    gain = min(max(spread, _SPREAD[0]), _SPREAD[1]) / max(spread, _LEAST_SPREAD)
    middle = min(max(mean, _MEAN[0]), _MEAN[1])
    if gain == 1 and middle == mean:
        return _USUAL_TABLE
    greys = np.rint((_GREYS - mean) * gain + middle).clip(0, 2 * _MIDDLE_GREY - 1)
    return np.asarray((greys - _MIDDLE_GREY) / _MIDDLE_GREY, dtype=np.float32)
