"""From the 64x64 grey crop to the numbers the network sees; service and training share it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CROP_SIZE_PX = 64

_MIDDLE_GREY = 128.0

__all__ = ["CROP_SIZE_PX", "preprocess"]


def preprocess(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scale grey crops to the network's input range.

    The scale is ``(grey - 128) / 128``, because then the int8 input of the quantised network
    (scale 1/128, zero point 0) represents each of the 256 grey levels exactly.

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
    scaled = (crops.astype(np.float32) - np.float32(_MIDDLE_GREY)) / np.float32(_MIDDLE_GREY)
    return np.asarray(scaled[..., np.newaxis], dtype=np.float32)
