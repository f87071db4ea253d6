"""Two further looks at the pictures of SMILEsmileD on which the two annotators disagree."""

from __future__ import annotations

from pathlib import Path

from training.data.annotations import BUNDLED_ANNOTATIONS, PictureKey
from training.data.tables import read_choice, read_label, read_table

__all__ = ["BUNDLED_DISAGREEMENTS", "LOOKS", "read_disagreements"]

BUNDLED_DISAGREEMENTS = BUNDLED_ANNOTATIONS.with_name("disagreements.csv")

LOOKS = {"clear": 0.9, "faint": 0.5, "talking": 0.06, "none": 0.12, "unsure": 0.5}
"""Target of each label. A talking mouth is a surer "no" than a closed one, whose corners may rise a
little."""
_COLUMNS = ("number", "smilesmiled", "first", "second")


def read_disagreements(path: Path = BUNDLED_DISAGREEMENTS) -> dict[PictureKey, float]:
    """Return the training target of each picture: the mean of its two looks.

    Parameters
    ----------
    path
        CSV with the columns ``number`` and ``smilesmiled`` (the picture), ``first`` and ``second``
        (keys of `LOOKS`).

    Raises
    ------
    TrainingError
        When a column is missing or a cell is invalid; the message names the line.
    """
    return {
        (row["number"], read_label(path, line, row, "smilesmiled")): (
            _look(path, line, row, "first") + _look(path, line, row, "second")
        )
        / 2
        for line, row in read_table(path, _COLUMNS)
    }


def _look(path: Path, line: int, row: dict[str, str], column: str) -> float:
    return LOOKS[read_choice(path, line, row, column, LOOKS)]
