"""The pictures of FER+: a folder per split, or the table of the challenge."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.collections.ferplus_votes import VOTES, Votes
from training.data.pictures import PICTURE_ERRORS
from training.data.tables import iterate_table
from training.errors import TrainingError

__all__ = ["SIDE_PX", "read_ferplus_pictures"]

SIDE_PX = 48
CHALLENGE = "fer2013.csv"
FOLDERS = {
    "Training": "FER2013Train",
    "PublicTest": "FER2013Valid",
    "PrivateTest": "FER2013Test",
}
_PIXELS, _USAGE = "pixels", "Usage"


def read_ferplus_pictures(
    folder: Path, votes: Sequence[Votes], chosen: Container[int]
) -> NDArray[np.uint8]:
    """Read the chosen pictures.

    Parameters
    ----------
    folder
        The data. At any depth it holds the folders of FER+ (`FOLDERS`) or, as downloaded from the
        challenge, `CHALLENGE`, whose rows are those of the votes.
    votes
        Of all pictures, in the order of their table.
    chosen
        The lines of the table whose pictures to read.

    Returns
    -------
    NDArray[np.uint8]
        (N, 48, 48), in the order of the votes.

    Raises
    ------
    TrainingError
        When a picture is missing, damaged or of another size.
    """
    folders = {path.name: path for path in sorted(folder.rglob("FER2013*")) if path.is_dir()}
    tables = sorted(folder.rglob(CHALLENGE))
    if not folders and not tables:
        raise TrainingError(
            f"FER+ has votes but no pictures: expected the folders {', '.join(FOLDERS.values())}"
            f" or {CHALLENGE} beside them"
        )
    if folders:
        pictures = [_read_file(folders, one) for one in votes if one.line in chosen]
    else:
        pictures = _read_challenge(tables[0], votes, chosen)
    return np.array(pictures, dtype=np.uint8).reshape(-1, SIDE_PX, SIDE_PX)


def _read_file(folders: dict[str, Path], votes: Votes) -> NDArray[np.uint8]:
    name = f"{FOLDERS[votes.usage]}/{votes.name}"
    if Path(votes.name).name != votes.name:  # a path would leave the folder of the collection
        raise TrainingError(f"{VOTES}, line {votes.line}: Image name: expected a file name")
    try:
        with Image.open(folders.get(FOLDERS[votes.usage], Path()) / votes.name) as image:
            if image.size != (SIDE_PX, SIDE_PX):
                raise TrainingError(
                    f"picture {name}: expected {SIDE_PX}x{SIDE_PX} px, got"
                    f" {image.width}x{image.height}"
                )
            return np.asarray(image.convert("L"))
    except FileNotFoundError as error:
        raise TrainingError(f"picture {name} of {VOTES}, line {votes.line}, is missing") from error
    except PICTURE_ERRORS as error:
        raise TrainingError(f"picture {name} is damaged, or not a picture") from error


def _read_challenge(
    table: Path, votes: Sequence[Votes], chosen: Container[int]
) -> list[NDArray[np.uint8]]:
    pictures, rows = [], 0
    for line, row in iterate_table(table, (_PIXELS, _USAGE)):
        rows += 1
        if rows > len(votes):
            continue  # counted only
        one = votes[rows - 1]
        if row[_USAGE] != one.usage:
            raise TrainingError(
                f"{table.name}, line {line}: {_USAGE}: {row[_USAGE]!r}, but {VOTES}, line"
                f" {one.line}, says {one.usage!r}: the rows belong to other pictures"
            )
        if one.line in chosen:
            pictures.append(_read_pixels(table, line, row[_PIXELS]))
    if rows != len(votes):
        raise TrainingError(
            f"{table.name} has {rows:,} rows and {VOTES} {len(votes):,}: expected as many"
        )
    return pictures


def _read_pixels(table: Path, line: int, text: str) -> NDArray[np.uint8]:
    try:
        levels = bytes(map(int, text.split()))
        return np.frombuffer(levels, dtype=np.uint8).reshape(SIDE_PX, SIDE_PX)
    except ValueError as error:
        raise TrainingError(
            f"{table.name}, line {line}: {_PIXELS}: expected {SIDE_PX * SIDE_PX} grey levels from"
            " 0 to 255"
        ) from error
