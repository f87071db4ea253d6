"""Step 1: read the collections, align their faces, skip what is unusable, and drop near-duplicates.

    python -m training.prepare [--data FOLDER|ARCHIVE|GIT-URL] [--second-annotator FILE]
        [--ferplus FOLDER|ARCHIVE|none] [--own FOLDER]... [--photos FOLDER|ARCHIVE|none]

Writes build/training/crops.npz and build/training/prepare.json. Aligning FER+ takes about 5 min on
2 cores and is done once; an interrupted run continues. Everything else takes about a minute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smile_vision.errors import VisionError
from training.command_line import add_photos_option, command_parser, run_command
from training.data.annotations import USER_ANNOTATIONS
from training.data.collections.collection import Reader
from training.data.collections.ferplus import (
    DEFAULT_NAME,
    FERPLUS_VARIABLE,
    FerPlus,
    chosen_ferplus,
)
from training.data.collections.own_photos import OwnPhotos
from training.data.collections.smilesmiled import SmileSmileD
from training.data.photos import LABELS, chosen_photos
from training.data.preparation import prepare
from training.errors import TrainingError
from training.workspace import CROPS, PREPARED, write_json

__all__ = ["main"]

SHOWN_SKIPPED = 20  # of SMILEsmileD, on the screen; prepare.json lists all


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
    parser.add_argument(
        "--ferplus",
        help="folder or archive of FER+, or none"
        f" (default: ${FERPLUS_VARIABLE}, or {DEFAULT_NAME} next to the data set)",
    )
    parser.add_argument(
        "--own",
        type=Path,
        action="append",
        default=[],
        help=f"folder of your own photos with {LABELS} (path,smile,person); may be repeated",
    )
    add_photos_option(parser)
    options = parser.parse_args(arguments)
    data = options.data or None
    ferplus = chosen_ferplus(options.ferplus, data)
    readers: list[Reader] = [SmileSmileD(data, options.second_annotator)]
    readers += [FerPlus(ferplus)] if ferplus else []
    readers += [OwnPhotos(folder) for folder in options.own]
    try:
        crops, report = prepare(readers, chosen_photos(options.photos))
    except VisionError as error:
        raise TrainingError(str(error)) from error
    crops.save(CROPS)
    write_json(PREPARED, report)
    _show(report)
    if ferplus is None:
        print(
            "without FER+: angry, frightened and sad faces are more often called smiling;"
            " see docs/model.md"
        )


def _show(report: dict[str, Any]) -> None:
    _show_counts(report)
    if not report["second_annotator"]:
        print(f"no {USER_ANNOTATIONS}: plain labels as targets, and each picture its own person")
    print(f"skipped {len(report['skipped'])}:")
    for name, reason in list(report["skipped"].items())[:SHOWN_SKIPPED]:
        print(f"  {name}: {reason}")
    for other in report["collections"].values():
        _show_counts(other)
        for reason, count in Counter(other["skipped"].values()).most_common():
            print(f"  skipped {count:>6,}: {reason}")


def _show_counts(report: dict[str, Any]) -> None:
    print(f"{report['data']}: {report['pictures']:,} pictures, {report['smile']:,} smiles")
    for split, counts in report["splits"].items():
        print(f"  {split:<10} {counts['pictures']:>6,} pictures, {counts['smile']:>5,} smiles")
    for tier, count in report["tiers"].items():
        print(f"  {tier:<20} {count:>6,}")


if __name__ == "__main__":
    run_command(main)
