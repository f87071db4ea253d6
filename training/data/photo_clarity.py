"""What two looks saw in the photos for evaluation: a clear smile, clearly none, or undecidable."""

from __future__ import annotations

from pathlib import Path

from training.data.annotations import BUNDLED_ANNOTATIONS
from training.data.tables import read_choice, read_table

__all__ = ["BUNDLED_CLARITY", "clear_photos"]

BUNDLED_CLARITY = BUNDLED_ANNOTATIONS.with_name("photo-clarity.csv")

_SMILE, _NONE, _UNDECIDABLE = _LOOKS = ("smile", "none", "undecidable")


def clear_photos(path: Path = BUNDLED_CLARITY) -> dict[str, bool | None]:
    """Return, for each photo, whether it shows a smile; None when the looks do not agree on it.

    Parameters
    ----------
    path
        CSV with the columns ``path`` (of the photo, as in its label table), ``first`` and
        ``second`` (smile, none or undecidable).

    Raises
    ------
    TrainingError
        When a column is missing or a cell is invalid; the message names the line.
    """
    photos: dict[str, bool | None] = {}
    for line, row in read_table(path, ("path", "first", "second")):
        first, second = (read_choice(path, line, row, name, _LOOKS) for name in ("first", "second"))
        is_clear = first == second != _UNDECIDABLE
        photos[row["path"]] = first == _SMILE if is_clear else None
    return photos
