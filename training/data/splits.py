"""Who is learned from, who decides the settings, who only judges: split by person."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

__all__ = ["Split", "assign_splits", "share_of"]

VALIDATION_SHARE = 0.10  # settings (threshold, calibration) are chosen on these people
TEST_SHARE = 0.20  # the published figures come from these people
MOST_PICTURES_OF_A_JUDGE = 50  # people with more pictures are learned from: none may dominate
_SALT = "smile-split-1"


class Split(StrEnum):
    """The three parts of the data."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


def assign_splits(people: Sequence[str]) -> list[Split]:
    """Assign each picture to a split such that no person is in two of them.

    The split depends on the person's name alone (a hash of it), so that it stays the same when
    pictures are added, removed or reordered.

    Parameters
    ----------
    people
        The person on each picture; a picture of somebody unknown carries a name of its own.

    Returns
    -------
    list[Split]
        One for each picture, in order.
    """
    pictures_of = Counter(people)
    split_of = {
        person: Split.TRAIN if count > MOST_PICTURES_OF_A_JUDGE else _split_by_hash(person)
        for person, count in pictures_of.items()
    }
    return [split_of[person] for person in people]


def share_of(person: str) -> float:
    """Return a number in [0, 1) that depends on the person's name alone, evenly spread."""
    digest = hashlib.sha256(f"{_SALT}:{person}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _split_by_hash(person: str) -> Split:
    place = share_of(person)
    if place < TEST_SHARE:
        return Split.TEST
    if place < TEST_SHARE + VALIDATION_SHARE:
        return Split.VALIDATION
    return Split.TRAIN
