"""Hard negatives: open mouths drawn on faces without a smile, as if talking or shouting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.preprocess import CROP_SIZE_PX

__all__ = ["open_mouths"]

SHARE = 0.15  # of the faces without a smile, chosen again in each epoch
NO_SMILE_BELOW = 0.2  # target probability
CENTRE, CENTRE_SPREAD = (32.0, 50.0), (2.0, 1.5)  # of the mouth: column and row, px
HALF_WIDTH, HALF_HEIGHT = (5.0, 10.0), (2.5, 9.0)  # px
DARKNESS = (1.0, 12.0)  # percentile of the face's grey levels, for the opening
TEETH_SHARE, TEETH = 0.4, (60.0, 92.0)  # share of the mouths; percentile of the grey levels

_ROWS, _COLUMNS = np.mgrid[:CROP_SIZE_PX, :CROP_SIZE_PX].astype(np.float32)


def open_mouths(
    crops: NDArray[np.uint8], targets: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw an open mouth on some of the faces without a smile.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64).
    targets
        (N,), the target probability of a smile.
    rng
        The same seed gives the same mouths.

    Returns
    -------
    NDArray[np.uint8]
        All crops, (N, 64, 64).
    """
    opened = crops.copy()
    chosen = (targets < NO_SMILE_BELOW) & (rng.random(len(crops)) < SHARE)
    for index in np.flatnonzero(chosen):
        opened[index] = _opened(crops[index], rng)
    return opened


def _opened(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    half_width, half_height = rng.uniform(*HALF_WIDTH), rng.uniform(*HALF_HEIGHT)
    column, row = rng.normal(CENTRE, CENTRE_SPREAD)
    row += 0.3 * half_height  # the jaw drops, so the mouth opens downwards
    distance = ((_COLUMNS - column) / half_width) ** 2 + ((_ROWS - row) / half_height) ** 2
    cover = np.clip((1.25 - distance) * 2.5, 0, 1) * rng.uniform(0.6, 1)
    inside = np.full(crop.shape, np.percentile(crop, rng.uniform(*DARKNESS)))
    if rng.random() < TEETH_SHARE:
        teeth = np.percentile(crop, rng.uniform(*TEETH))
        inside[row - half_height * rng.uniform(0.1, 0.6) > _ROWS] = teeth
    return np.asarray(crop * (1 - cover) + inside * cover).astype(np.uint8)
