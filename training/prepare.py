"""Step 1: read the pictures and labels, skip unusable pictures, and split the rest by person.

    python -m training.prepare [--data FOLDER|ARCHIVE|GIT-URL] [--second-annotator FILE]

Writes build/training/crops.npz and build/training/prepare.json. Takes about 10 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from training.command_line import command_parser, run_command
from training.data.annotations import USER_ANNOTATIONS
from training.data.preparation import prepare
from training.workspace import CROPS, PREPARED, write_json

__all__ = ["main"]

SHOWN_SKIPPED = 20  # on the screen; prepare.json lists all


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = command_parser("training.prepare", __doc__)
    parser.add_argument(
        "--data",
        help="folder, tar.gz or zip archive, or git URL of SMILEsmileD"
        " (default: $SMILE_DATA, or data/SMILEsmileD.tar.gz in the repository)",
    )
    parser.add_argument(
        "--second-annotator",
        type=Path,
        help=f"CSV (default: {USER_ANNOTATIONS} next to the data, or the bundled table)",
    )
    options = parser.parse_args(arguments)
    crops, report = prepare(options.data or None, options.second_annotator)
    crops.save(CROPS)
    write_json(PREPARED, report)
    print(f"{report['data']}: {report['pictures']:,} pictures, {report['smile']:,} smiles")
    for split, counts in report["splits"].items():
        print(f"  {split:<10} {counts['pictures']:>6,} pictures, {counts['smile']:>5,} smiles")
    for tier, count in report["tiers"].items():
        print(f"  {tier:<20} {count:>6,}")
    if not report["second_annotator"]:
        print(f"no {USER_ANNOTATIONS}: plain labels as targets, and each picture its own person")
    print(f"skipped {len(report['skipped'])}:")
    for name, reason in list(report["skipped"].items())[:SHOWN_SKIPPED]:
        print(f"  {name}: {reason}")


if __name__ == "__main__":
    run_command(main)
