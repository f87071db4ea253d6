"""The second annotator's labels, the tiers of smile clarity, and the training targets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from training.data.tables import read_label, read_table
from training.errors import TrainingError

__all__ = [
    "BUNDLED_ANNOTATIONS",
    "BUNDLED_COVERAGE",
    "MIN_SMILE_SHARE",
    "TARGETS",
    "USER_ANNOTATIONS",
    "Annotation",
    "PictureKey",
    "Tier",
    "read_annotations",
    "target_of_share",
    "tier_of",
    "tier_of_share",
]

USER_ANNOTATIONS = "second-opinion.csv"  # looked for next to the user's data
BUNDLED_ANNOTATIONS = Path(__file__).parent / "labels" / "second-annotator.csv"
# Share of the bundled table that the data must contain, because other data sets may use the
# same file numbers.
BUNDLED_COVERAGE = 0.95
_COLUMNS = ("number", "smilesmiled", "second", "person")

PictureKey = tuple[str, bool]  # file name without suffix, and the data set's own label


class Tier(StrEnum):
    """How clear a smile is, according to the annotations."""

    CLEAR = "clear"  # both annotators: smile
    FAINT = "faint"  # the annotators disagree
    NONE = "none"  # both annotators: no smile
    SMILE_SINGLE = "smile, one annotator"
    NONE_SINGLE = "none, one annotator"


# The target probability of each tier. A single label is softened by the share of pictures on
# which the second annotator disagrees: none 0.02 * 0.8 + 0.5 * 0.2 (1,658 of 8,413 pictures),
# smile 0.98 * 0.97 + 0.5 * 0.03.
TARGETS = {
    Tier.CLEAR: 0.98,
    Tier.FAINT: 0.5,
    Tier.NONE: 0.02,
    Tier.SMILE_SINGLE: 0.95,
    Tier.NONE_SINGLE: 0.1,
}


# Of the annotators who say smile.
CLEAR_SHARE, NONE_SHARE = 0.8, 0.2  # at least; at most. Between them: faint
MIN_SMILE_SHARE = 0.5  # at least, for the label smile


@dataclass(frozen=True)
class Annotation:
    """The second annotator's label and the person's number; None where unknown."""

    second: bool | None
    person: int | None


def tier_of(smile: bool, second: bool | None) -> Tier:
    """Return the tier of a picture from its own label and the second annotator's."""
    if second is None:
        return Tier.SMILE_SINGLE if smile else Tier.NONE_SINGLE
    if smile != second:
        return Tier.FAINT
    return Tier.CLEAR if smile else Tier.NONE


def tier_of_share(share: float) -> Tier:
    """Return the tier of a picture from the share of its annotators who say smile."""
    if share >= CLEAR_SHARE:
        return Tier.CLEAR
    return Tier.NONE if share <= NONE_SHARE else Tier.FAINT


def target_of_share(share: float) -> float:
    """Return the target of a picture from the share of its annotators who say smile."""
    none, clear = TARGETS[Tier.NONE], TARGETS[Tier.CLEAR]
    return none + (clear - none) * share


def read_annotations(path: Path) -> dict[PictureKey, Annotation]:
    """Read the second annotator's table.

    Parameters
    ----------
    path
        CSV with the columns ``number`` (file name without suffix), ``smilesmiled`` (the data
        set's own label), ``second`` (1, 0 or empty) and ``person`` (a number or empty).

    Returns
    -------
    dict[PictureKey, Annotation]
        By picture name and own label.

    Raises
    ------
    TrainingError
        When a column is missing or a cell is invalid; the message names the line.
    """
    annotations = {}
    for line, row in read_table(path, _COLUMNS):
        key = (row["number"], read_label(path, line, row, "smilesmiled"))
        second = read_label(path, line, row, "second") if row["second"] else None
        try:
            person = int(row["person"]) if row["person"] else None
        except ValueError as error:
            raise TrainingError(f"{path.name}, line {line}: person: {error}") from error
        annotations[key] = Annotation(second, person)
    return annotations
