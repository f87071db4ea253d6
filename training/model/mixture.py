"""One epoch of training pictures: drawn from the collections, covered, augmented and shuffled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.data.crops import SMILESMILED, UNKNOWN, Crops
from training.model.augment import augment
from training.model.occlusion import HIDDEN, VISIBLE, cover_randomly
from training.model.targets import stacked_targets

__all__ = ["EPOCH_CROPS", "SMILESMILED_SHARE", "augmented_epoch", "draw"]

EPOCH_CROPS = 32_000  # 500 steps of 64
SMILESMILED_SHARE = 0.4  # of an epoch, beside other collections: alone it is a quarter
_AT_ONCE = 256  # crops: larger arrays cost more in memory traffic than they save


def augmented_epoch(
    crops: Crops, seed: int, epoch: int, count: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return the shuffled, augmented crops, (count, 64, 64), and the targets, (count, 3).

    They depend on the seed and the epoch only, so that a continued run repeats them.

    Parameters
    ----------
    crops
        The training set.
    seed, epoch
        Of the random choices.
    count
        Crops of the epoch.
    """
    rng = np.random.default_rng((seed, epoch))
    drawn = draw(crops.collection, rng, count)
    pictures = np.empty((count, *crops.grey.shape[1:]), dtype=np.uint8)
    mouths = crops.mouth_visible[drawn].copy()
    for first in range(0, count, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        covered, visible = cover_randomly(crops.grey[drawn[part]], rng, crops.grey)
        # A cover beside the mouth says nothing of a mouth that a hand in the picture may hide.
        mouths[part] = np.where(visible == VISIBLE, mouths[part], visible)
        pictures[part] = augment(covered, rng)
    is_hidden = mouths == HIDDEN
    smile, is_open = (
        np.where(is_hidden, UNKNOWN, known[drawn]).astype(np.float32)
        for known in (crops.target, crops.mouth_open)
    )
    return pictures, stacked_targets(smile, mouths, is_open)


def draw(collection: NDArray[np.str_], rng: np.random.Generator, count: int) -> NDArray[np.int_]:
    """Return the indices of one epoch, (count,), in random order.

    Parameters
    ----------
    collection
        Of each crop. SMILEsmileD gives `SMILESMILED_SHARE`, the others the rest, in proportion
        to their pictures; each picture comes about equally often.
    rng
        The same seed gives the same order.
    count
        Number of indices.
    """
    ours = np.flatnonzero(collection == SMILESMILED)
    others = np.flatnonzero(collection != SMILESMILED)
    from_ours = count if not len(others) else round(count * SMILESMILED_SHARE) if len(ours) else 0
    drawn = [_repeated(ours, rng, from_ours), _repeated(others, rng, count - from_ours)]
    return rng.permutation(np.concatenate(drawn))


def _repeated(indices: NDArray[np.int_], rng: np.random.Generator, count: int) -> NDArray[np.int_]:
    """Return `count` of the indices; each occurs equally often, give or take one."""
    if not count:
        return indices[:0]
    rounds = -(-count // len(indices))
    return np.concatenate([rng.permutation(indices) for _ in range(rounds)])[:count]
