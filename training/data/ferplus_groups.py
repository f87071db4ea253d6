"""Groups of people and mouths in the test split of FER+, as an annotator saw them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from training.data.annotations import BUNDLED_ANNOTATIONS
from training.data.tables import read_choice, read_table

__all__ = ["BUNDLED_GROUPS", "GROUPS", "NO_FACE", "read_groups"]

BUNDLED_GROUPS = BUNDLED_ANNOTATIONS.with_name("ferplus-groups.csv")

GROUPS = (
    "baby", "child", "wide-open laugh", "hidden mouth", "glasses", "facial hair", "turned",
    "open mouth, no smile", "talking",
)  # fmt: skip
NO_FACE = "no face"


def read_groups(path: Path = BUNDLED_GROUPS) -> dict[str, set[str]]:
    """Return the names of the pictures in each group, by the names of `GROUPS` and `NO_FACE`.

    Parameters
    ----------
    path
        CSV with the columns ``picture`` (file name without suffix) and ``group``. A picture may be
        in several groups.

    Raises
    ------
    TrainingError
        When a column is missing or a cell is invalid; the message names the line.
    """
    groups: dict[str, set[str]] = defaultdict(set)
    for line, row in read_table(path, ("picture", "group")):
        groups[read_choice(path, line, row, "group", (*GROUPS, NO_FACE))].add(row["picture"])
    return groups
