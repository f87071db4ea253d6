"""The adjudicator's tiers, and how they combine with the annotators' labels."""

from __future__ import annotations

from pathlib import Path

from training.data.annotations import BUNDLED_ANNOTATIONS, PictureKey, Tier
from training.data.tables import read_label, read_table
from training.errors import TrainingError

__all__ = ["BUNDLED_ADJUDICATIONS", "adjudicate", "read_adjudications"]

BUNDLED_ADJUDICATIONS = BUNDLED_ANNOTATIONS.with_name("adjudicated.csv")
_TIERS = (Tier.NONE, Tier.FAINT, Tier.CLEAR)


def adjudicate(labelled: Tier, seen: Tier | None) -> Tier:
    """Return the tier of a picture from its labels' tier and the adjudicator's (None: not seen).

    The adjudicator decides when the annotators disagree or there is only one label. Two equal
    labels outweigh the adjudicator. If the adjudicator saw the opposite, the smile is faint.
    """
    if seen is None:
        return labelled
    if labelled not in (Tier.CLEAR, Tier.NONE):
        return seen
    return Tier.FAINT if {labelled, seen} == {Tier.CLEAR, Tier.NONE} else labelled


def read_adjudications(path: Path = BUNDLED_ADJUDICATIONS) -> dict[PictureKey, Tier]:
    """Read the tiers that the adjudicator saw.

    Raises
    ------
    TrainingError
        When the table is missing or a cell is invalid; the message names the line.
    """
    seen = {}
    for line, row in read_table(path, ("number", "smilesmiled", "tier")):
        if row["tier"] not in _TIERS:
            raise TrainingError(
                f"{path.name}, line {line}: tier: expected none, faint or clear, got"
                f" {row['tier']!r}"
            )
        seen[row["number"], read_label(path, line, row, "smilesmiled")] = Tier(row["tier"])
    return seen
