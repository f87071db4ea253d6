"""Hard negatives: mouths opened by hand on faces without a smile, as if talking or shouting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.preprocess import CROP_SIZE_PX

__all__ = ["open_mouths"]

SHARE = 0.15  # of the faces without a smile, each epoch anew
NO_SMILE = 0.2  # targets below it are faces without a smile
MIDDLE, SPREAD = (32.0, 50.0), (2.0, 1.5)  # of the mouth: column and row, px
HALF_WIDTH, HALF_HEIGHT = (5.0, 10.0), (2.5, 9.0)  # px
DARKNESS = (1.0, 12.0)  # percentile of the face's greys that the opening takes
TEETH_SHARE, TEETH = 0.4, (60.0, 92.0)  # of the opened mouths; percentile of their grey

_ROWS, _COLUMNS = np.mgrid[:CROP_SIZE_PX, :CROP_SIZE_PX].astype(np.float32)


def open_mouths(
    crops: NDArray[np.uint8], targets: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the crops, some of those without a smile with an open mouth drawn into them.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64).
    targets
        (N,), the probability of a smile that is taught.
    rng
        Source of chance.

    Returns
    -------
    NDArray[np.uint8]
        (N, 64, 64).
    """
    opened = crops.copy()
    for index in np.flatnonzero((targets < NO_SMILE) & (rng.random(len(crops)) < SHARE)):
        opened[index] = _opened(crops[index], rng)
    return opened


def _opened(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    half_width, half_height = rng.uniform(*HALF_WIDTH), rng.uniform(*HALF_HEIGHT)
    column, row = rng.normal(MIDDLE, SPREAD)
    row += 0.3 * half_height  # a jaw drops: the mouth opens downwards
    distance = ((_COLUMNS - column) / half_width) ** 2 + ((_ROWS - row) / half_height) ** 2
    cover = np.clip((1.25 - distance) * 2.5, 0, 1) * rng.uniform(0.6, 1)
    inside = np.full(crop.shape, np.percentile(crop, rng.uniform(*DARKNESS)))
    if rng.random() < TEETH_SHARE:
        inside[row - half_height * rng.uniform(0.1, 0.6) > _ROWS] = np.percentile(
            crop, rng.uniform(*TEETH)
        )
    return np.asarray(crop * (1 - cover) + inside * cover).astype(np.uint8)
