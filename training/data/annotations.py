"""The second, independent opinion about each picture, and the training target both make."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from training.data.tables import read_label, read_table
from training.errors import TrainingError

__all__ = [
    "BUNDLED_ANNOTATIONS",
    "BUNDLED_ANNOTATIONS_COVERAGE",
    "Annotation",
    "Tier",
    "read_annotations",
    "target_of",
    "tier_of",
]

FILE_NAME = "second-opinion.csv"
BUNDLED_ANNOTATIONS = Path(__file__).parent / "labels" / FILE_NAME
# Of the project's table that must be found in the data: other data may use the same numbers.
BUNDLED_ANNOTATIONS_COVERAGE = 0.95
_COLUMNS = ("number", "smilesmiled", "second", "person")


class Tier(StrEnum):
    """How clear a smile is, as far as the labels tell."""

    CLEAR = "clear"  # both say smile
    FAINT = "faint"  # they differ
    NONE = "none"  # both say no smile
    SMILE_SINGLE = "smile, one annotator"
    NONE_SINGLE = "none, one annotator"


# The answer the network is taught. One opinion alone is softened by how often the second
# differs: 0.02 * 0.8 + 0.5 * 0.2 for "none" (1,658 of 8,413), 0.98 * 0.97 + 0.5 * 0.03 for "smile".
TARGETS = {
    Tier.CLEAR: 0.98,
    Tier.FAINT: 0.5,
    Tier.NONE: 0.02,
    Tier.SMILE_SINGLE: 0.95,
    Tier.NONE_SINGLE: 0.1,
}


@dataclass(frozen=True)
class Annotation:
    """The second label (None: unknown) and the person number (None: unknown)."""

    second: bool | None
    person: int | None


def tier_of(smile: bool, second: bool | None) -> Tier:
    """Return how clear a smile is, from its label and the second opinion."""
    if second is None:
        return Tier.SMILE_SINGLE if smile else Tier.NONE_SINGLE
    if smile != second:
        return Tier.FAINT
    return Tier.CLEAR if smile else Tier.NONE


def target_of(tier: Tier) -> float:
    """Return the probability that the network is taught to answer for a tier."""
    return TARGETS[tier]


def read_annotations(path: Path) -> dict[tuple[str, bool], Annotation]:
    """Read the table of second opinions.

    Parameters
    ----------
    path
        CSV with the columns ``number`` (file name without suffix), ``smilesmiled`` (the data's
        own label), ``second`` (1, 0 or empty) and ``person`` (number or empty).

    Returns
    -------
    dict[tuple[str, bool], Annotation]
        By picture name and the data's own label.

    Raises
    ------
    TrainingError
        When a column is missing or a value is not a number; the message names the line.
    """
    opinions = {}
    for line, row in read_table(path, _COLUMNS):
        key = (row["number"], read_label(path, line, row, "smilesmiled"))
        second = read_label(path, line, row, "second") if row["second"] else None
        try:
            person = int(row["person"]) if row["person"] else None
        except ValueError as error:
            raise TrainingError(f"{path.name}, line {line}: person: {error}") from error
        opinions[key] = Annotation(second, person)
    return opinions
