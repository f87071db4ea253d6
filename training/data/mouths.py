"""Whether the mouth can be seen in a picture, and whether it is open, as far as it is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.annotations import BUNDLED_ANNOTATIONS, MIN_SMILE_SHARE, PictureKey
from training.data.crops import SMILESMILED, UNKNOWN
from training.data.tables import read_choice, read_table

__all__ = ["BUNDLED_MOUTHS", "BUNDLED_OPEN_MOUTHS", "open_mouths_of", "visible_mouths_of_ferplus"]

BUNDLED_MOUTHS = BUNDLED_ANNOTATIONS.with_name("ferplus-mouths.csv")
BUNDLED_OPEN_MOUTHS = BUNDLED_ANNOTATIONS.with_name("open-mouths.csv")

_SEEN = {"visible": 1.0, "hidden": 0.0, "partly": UNKNOWN, "no face": UNKNOWN}
_OPEN = {"open": 1.0, "closed": 0.0, "unsure": UNKNOWN}


def visible_mouths_of_ferplus(
    names: Sequence[str], shares: Sequence[float], table: Path = BUNDLED_MOUTHS
) -> NDArray[np.float32]:
    """Return whether each mouth is visible (1), hidden (0) or `UNKNOWN`, float32 (N,).

    In a picture that most people call a smile, the mouth is visible. Of the others, those are
    known that an annotator saw: four in a hundred faces of FER+ hide the mouth behind a hand.

    Parameters
    ----------
    names
        Of the pictures.
    shares
        Of the people who say smile.
    table
        CSV with the columns ``picture`` (file name without suffix) and ``mouth``.

    Raises
    ------
    TrainingError
        When a column is missing or a cell is invalid; the message names the line.
    """
    seen = {
        row["picture"]: _value(table, line, row, _SEEN)
        for line, row in read_table(table, ("picture", "mouth"))
    }
    known = (
        seen.get(name, 1.0 if share >= MIN_SMILE_SHARE else UNKNOWN)
        for name, share in zip(names, shares, strict=True)
    )
    return np.fromiter(known, dtype=np.float32, count=len(names))


def open_mouths_of(
    collection: str, keys: Sequence[PictureKey], table: Path = BUNDLED_OPEN_MOUTHS
) -> NDArray[np.float32]:
    """Return whether each mouth is open (1), closed (0) or `UNKNOWN`, float32 (N,).

    Parameters
    ----------
    collection
        Name of the collection.
    keys
        Name and label of each picture. Only in SMILEsmileD, the label distinguishes pictures.
    table
        CSV with the columns ``collection``, ``picture``, ``smilesmiled`` (the label, in
        SMILEsmileD) and ``mouth``.

    Raises
    ------
    TrainingError
        When a column is missing or a cell is invalid; the message names the line.
    """
    seen = {
        (row["picture"], row["smilesmiled"]): _value(table, line, row, _OPEN)
        for line, row in read_table(table, ("collection", "picture", "smilesmiled", "mouth"))
        if row["collection"] == collection
    }
    known = (
        seen.get((name, f"{smile:d}" if collection == SMILESMILED else ""), UNKNOWN)
        for name, smile in keys
    )
    return np.fromiter(known, dtype=np.float32, count=len(keys))


def _value(table: Path, line: int, row: dict[str, str], values: dict[str, float]) -> float:
    return values[read_choice(table, line, row, "mouth", values)]
