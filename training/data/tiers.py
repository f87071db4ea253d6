"""The ordinal truth about each picture (none, faint, clear), from two labels and a look.

    python -m training.data.tiers

Joins labels/second-opinion.csv and labels/by-eye.csv to labels/tiers.csv. Takes a second.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data.annotations import (
    BUNDLED_ANNOTATIONS,
    Annotation,
    Tier,
    read_annotations,
    tier_of,
)
from training.data.tables import read_table
from training.errors import TrainingError, run_command
from training.workspace import display_path, write_atomically

__all__ = ["BUNDLED_TIERS", "BY_EYE", "Look", "main", "read_looks", "read_tiers", "settle", "table"]

BY_EYE = BUNDLED_ANNOTATIONS.with_name("by-eye.csv")
BUNDLED_TIERS = BUNDLED_ANNOTATIONS.with_name("tiers.csv")

Key = tuple[str, bool]  # file name without suffix, the data's own label
_SEEN = {
    Tier.NONE: "the corners of the mouth are not drawn up",
    Tier.FAINT: "the corners of the mouth may be drawn up a little",
    Tier.CLEAR: "the corners of the mouth are plainly drawn up",
}
_OUTVOTED = "; outvoted by two labels"
_COLUMNS = ("number", "smilesmiled", "tier", "sources", "person", "reason")
_LABEL, _SECOND, _EYE = "smilesmiled", "second", "eye"


@dataclass(frozen=True)
class Look:
    """What somebody saw who looked at a picture, and why they looked."""

    seen: Tier
    because: str


def settle(tier: Tier, seen: Tier | None) -> Tier:
    """Return the tier of a picture from its labels' tier and what was seen (None: no look).

    A look decides where the labels differ or there is one only. Two labels that agree outweigh
    one look, unless it says the opposite: then the picture counts as a faint smile.
    """
    if seen is None:
        return tier
    if tier not in (Tier.CLEAR, Tier.NONE):
        return seen
    return Tier.FAINT if {tier, seen} == {Tier.CLEAR, Tier.NONE} else tier


def read_looks(path: Path = BY_EYE) -> dict[Key, Look]:
    """Read what was decided by eye.

    Raises
    ------
    TrainingError
        When the table is missing or a value is unknown; the message names the line.
    """
    looks = {}
    for line, row in read_table(path, ("number", "smilesmiled", "seen", "looked_at_because")):
        try:
            seen = Tier(row["seen"])
        except ValueError as error:
            raise TrainingError(f"{path.name}, line {line}: {error}") from error
        if seen not in _SEEN:
            raise TrainingError(f"{path.name}, line {line}: expected none, faint or clear")
        looks[row["number"], row["smilesmiled"] == "1"] = Look(seen, row["looked_at_because"])
    return looks


def table(opinions: dict[Key, Annotation], looks: dict[Key, Look]) -> bytes:
    """Return the table of tiers as CSV, one row for each picture."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for (number, smile), opinion in opinions.items():
        by_labels, look = tier_of(smile, opinion.second), looks.get((number, smile))
        tier = settle(by_labels, look.seen if look else None)
        sources = [_LABEL, *([_SECOND] if opinion.second is not None else ())]
        reason = ""
        if look:
            sources.append(_EYE)
            outvoted = tier != look.seen
            reason = f"{look.because}: {_SEEN[look.seen]}{_OUTVOTED if outvoted else ''}"
        writer.writerow(
            [number, int(smile), _plain(tier), "+".join(sources), opinion.person or "", reason]
        )
    return text.getvalue().encode()


def _plain(tier: Tier) -> str:
    return {Tier.SMILE_SINGLE: Tier.CLEAR, Tier.NONE_SINGLE: Tier.NONE}.get(tier, tier).value


def read_tiers(path: Path = BUNDLED_TIERS) -> dict[Key, Tier]:
    """Read the table of tiers; a tier that rests on one label alone says so.

    Raises
    ------
    TrainingError
        When the table is missing or a value is unknown; the message names the line.
    """
    tiers = {}
    for line, row in read_table(path, _COLUMNS):
        smile = row["smilesmiled"] == "1"
        try:
            tier = Tier(row["tier"])
        except ValueError as error:
            raise TrainingError(f"{path.name}, line {line}: {error}") from error
        alone = row["sources"] == _LABEL
        tiers[row["number"], smile] = tier_of(smile, None) if alone else tier
    return tiers


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step from the command line."""
    argparse.ArgumentParser(
        prog="python -m training.data.tiers",
        description="Join the second opinions and the looks to the table of tiers.",
    ).parse_args(arguments)
    looks = read_looks()
    write_atomically(BUNDLED_TIERS, table(read_annotations(BUNDLED_ANNOTATIONS), looks))
    print(f"{display_path(BUNDLED_TIERS)}: {len(looks):,} pictures looked at")
    for tier, count in sorted(Counter(read_tiers().values()).items()):
        print(f"  {tier.value:<18} {count:>6,}")


if __name__ == "__main__":
    run_command(main)
