"""Combine both annotators' labels and the adjudication into one table of tiers.

    python -m training.data.tiers

Reads labels/second-annotator.csv and labels/adjudicated.csv, writes labels/tiers.csv. Takes a
second.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.command_line import command_parser, run_command
from training.data.annotations import (
    BUNDLED_ANNOTATIONS,
    Annotation,
    PictureKey,
    Tier,
    read_annotations,
    tier_of,
)
from training.data.tables import read_label, read_table
from training.errors import TrainingError
from training.workspace import display_path, write_atomically

__all__ = [
    "BUNDLED_ADJUDICATIONS",
    "BUNDLED_TIERS",
    "Adjudication",
    "adjudicate",
    "main",
    "read_adjudications",
    "read_tiers",
    "tiers_table",
]

BUNDLED_ADJUDICATIONS = BUNDLED_ANNOTATIONS.with_name("adjudicated.csv")
BUNDLED_TIERS = BUNDLED_ANNOTATIONS.with_name("tiers.csv")

_OBSERVED = {
    Tier.NONE: "the corners of the mouth are not raised",
    Tier.FAINT: "the corners of the mouth may be raised a little",
    Tier.CLEAR: "the corners of the mouth are clearly raised",
}
_OUTVOTED = "; outvoted by two labels"
_COLUMNS = ("number", "smilesmiled", "tier", "sources", "person", "reason")
_LABEL, _SECOND, _ADJUDICATOR = "smilesmiled", "second", "adjudicator"


@dataclass(frozen=True)
class Adjudication:
    """The tier that the adjudicator saw, and why the picture was adjudicated."""

    tier: Tier
    reason: str


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


def read_adjudications(path: Path = BUNDLED_ADJUDICATIONS) -> dict[PictureKey, Adjudication]:
    """Read the adjudicator's table.

    Raises
    ------
    TrainingError
        When the table is missing or a cell is invalid; the message names the line.
    """
    adjudications = {}
    for line, row in read_table(path, ("number", "smilesmiled", "tier", "reason")):
        tier = _read_tier(path, line, row["tier"])
        if tier not in _OBSERVED:
            raise TrainingError(f"{path.name}, line {line}: expected none, faint or clear")
        key = row["number"], read_label(path, line, row, "smilesmiled")
        adjudications[key] = Adjudication(tier, row["reason"])
    return adjudications


def tiers_table(
    annotations: dict[PictureKey, Annotation], adjudications: dict[PictureKey, Adjudication]
) -> bytes:
    """Return the table of tiers as CSV, one row per picture."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for (number, smile), annotation in annotations.items():
        adjudication = adjudications.get((number, smile))
        tier = adjudicate(
            tier_of(smile, annotation.second), adjudication.tier if adjudication else None
        )
        sources = [_LABEL, *([_SECOND] if annotation.second is not None else ())]
        reason = ""
        if adjudication:
            sources.append(_ADJUDICATOR)
            outvoted = _OUTVOTED if tier != adjudication.tier else ""
            reason = f"{adjudication.reason}: {_OBSERVED[adjudication.tier]}{outvoted}"
        person = "" if annotation.person is None else annotation.person
        writer.writerow([number, int(smile), _plain(tier), "+".join(sources), person, reason])
    return text.getvalue().encode()


def _plain(tier: Tier) -> str:
    return {Tier.SMILE_SINGLE: Tier.CLEAR, Tier.NONE_SINGLE: Tier.NONE}.get(tier, tier).value


def read_tiers(path: Path = BUNDLED_TIERS) -> dict[PictureKey, Tier]:
    """Read the table of tiers.

    Raises
    ------
    TrainingError
        When the table is missing or a cell is invalid; the message names the line.
    """
    tiers = {}
    for line, row in read_table(path, _COLUMNS):
        smile = read_label(path, line, row, "smilesmiled")
        tier = _read_tier(path, line, row["tier"])
        single = row["sources"] == _LABEL
        tiers[row["number"], smile] = tier_of(smile, None) if single else tier
    return tiers


def _read_tier(path: Path, line: int, cell: str) -> Tier:
    try:
        return Tier(cell)
    except ValueError as error:
        raise TrainingError(f"{path.name}, line {line}: tier: {error}") from error


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    command_parser("training.data.tiers", __doc__).parse_args(arguments)
    adjudications = read_adjudications()
    annotations = read_annotations(BUNDLED_ANNOTATIONS)
    write_atomically(BUNDLED_TIERS, tiers_table(annotations, adjudications))
    print(f"{display_path(BUNDLED_TIERS)}: {len(adjudications):,} adjudicated pictures")
    for tier, count in sorted(Counter(read_tiers().values()).items()):
        print(f"  {tier.value:<20} {count:>6,}")


if __name__ == "__main__":
    run_command(main)
