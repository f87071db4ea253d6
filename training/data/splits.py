"""Split the data by person into a training, a validation and a test set."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

__all__ = ["Split", "assign_splits", "share_of"]

VALIDATION_SHARE = 0.10  # for the calibration and the threshold
TEST_SHARE = 0.20  # for the published metrics
# People with more pictures go to the training set, so that nobody dominates the metrics.
MAX_PICTURES_OF_HELD_OUT_PERSON = 50
_SALT = "smile-split-1"


class Split(StrEnum):
    """The three parts of the data set."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


def assign_splits(people: Sequence[str]) -> list[Split]:
    """Assign each picture to a split, so that no person is in two splits.

    The split is a function of the person's id (a hash). It does not change when other pictures
    are added, removed or reordered.

    Parameters
    ----------
    people
        The id of the person in each picture; an unknown person has an id of their own.

    Returns
    -------
    list[Split]
        The split of each picture.
    """
    pictures_of = Counter(people)
    split_of = {
        person: Split.TRAIN if count > MAX_PICTURES_OF_HELD_OUT_PERSON else _split_by_hash(person)
        for person, count in pictures_of.items()
    }
    return [split_of[person] for person in people]


def share_of(person: str) -> float:
    """Return a hash of the person's id, uniformly distributed in [0, 1)."""
    digest = hashlib.sha256(f"{_SALT}:{person}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _split_by_hash(person: str) -> Split:
    share = share_of(person)
    if share < TEST_SHARE:
        return Split.TEST
    if share < TEST_SHARE + VALIDATION_SHARE:
        return Split.VALIDATION
    return Split.TRAIN
