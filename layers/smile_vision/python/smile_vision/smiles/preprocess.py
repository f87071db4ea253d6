"""From the 64 x 64 grey crop to the input of the network. The service and the training share it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

CROP_SIZE_PX = 64

_MIDDLE_GREY = 128
# The range of nearly all training pictures, in grey levels. Crops outside it are brought to its
# nearer end.
_MEAN = (75.0, 185.0)  # darker or brighter
_CONTRAST = (25.0, 80.0)  # flatter or harsher; standard deviation
_MIN_CONTRAST = 6.0  # a flatter crop gets no higher gain: that would amplify its noise
_GREYS = np.arange(256, dtype=np.float64)
_SQUARES = _GREYS**2

__all__ = ["CROP_SIZE_PX", "normalize_lighting", "preprocess"]


def preprocess(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return crops as the network's input, with normalized lighting.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64), grey levels 0 (black) to 255 (white).

    Returns
    -------
    NDArray[np.float32]
        (N, 64, 64, 1), in [-1, 0.9921875]: ``(grey - 128) / 128`` of `normalize_lighting`. The
        int8 input of the quantized network (scale 1/128, zero point 0) represents each of the 256
        levels exactly.

    Raises
    ------
    ValueError
        When the crops have another shape or type.
    """
    levels = normalize_lighting(crops).astype(np.float32)
    levels -= _MIDDLE_GREY
    levels /= _MIDDLE_GREY
    return levels[..., np.newaxis]


def normalize_lighting(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring the brightness and contrast of crops into the range of the training pictures.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64).

    Returns
    -------
    NDArray[np.uint8]
        (N, 64, 64). Crops within the range are unchanged; ``crops`` itself when all are.

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
    """Return the new value of each grey level, uint8 (256,); None when none changes."""
    counts = np.bincount(crop.ravel(), minlength=_GREYS.size)  # faster than the crop's own mean
    mean = float(counts @ _GREYS) / crop.size
    contrast = math.sqrt(float(counts @ _SQUARES) / crop.size - mean**2)  # exact, so never < 0
    gain = min(max(contrast, _CONTRAST[0]), _CONTRAST[1]) / max(contrast, _MIN_CONTRAST)
    middle = min(max(mean, _MEAN[0]), _MEAN[1])
    if gain == 1 and middle == mean:
        return None
    greys = np.rint((_GREYS - mean) * gain + middle)
    return greys.clip(0, 2 * _MIDDLE_GREY - 1).astype(np.uint8)
