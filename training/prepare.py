"""Step 1: read the pictures and labels, leave out what is faulty, split by person.

    python -m training.prepare [--data FOLDER|ARCHIVE|GIT-URL] [--second-annotator FILE]

Writes build/training/crops.npz and build/training/prepare.json. Takes about 5 s.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.data.annotations import (
    BUNDLED_ANNOTATIONS,
    BUNDLED_ANNOTATIONS_COVERAGE,
    FILE_NAME,
    Annotation,
    Tier,
    read_annotations,
    target_of,
    tier_of,
)
from training.data.crops import Crops
from training.data.pictures import Picture, Pictures, read_pictures
from training.data.source import Source, open_source
from training.data.splits import Split, assign_splits
from training.data.tiers import BUNDLED_TIERS, read_tiers
from training.errors import TrainingError, run_command
from training.workspace import CROPS, WORK, sha256_of_file, write_json

__all__ = ["label_pictures", "main", "prepare"]

LEAST_PICTURES = 100  # fewer in any split than this cannot teach or judge anything
# Taught, the looks made the held-out people's labels harder to meet and the photos no easier
# (docs/model.md). They set the calibration and the figures on clear smiles against none.
LEARN_LOOKS = False
SHOWN_FAULTS = 20  # named on the screen; all of them are in prepare.json
_UNKNOWN = Annotation(second=None, person=None)


def label_pictures(
    pictures: Sequence[Picture],
    opinions: dict[tuple[str, bool], Annotation],
    adjudicated: Mapping[tuple[str, bool], Tier] | None = None,
) -> Crops:
    """Join pictures and second opinions, and split them by person.

    Parameters
    ----------
    pictures
        The usable pictures.
    opinions
        By picture name and label; may be empty, then each picture counts as its own person.
    adjudicated
        The tiers after a look, by picture name and label; those of the opinions where none.

    Returns
    -------
    Crops
        In the order of the pictures.
    """
    known = [opinions.get((picture.name, picture.smile), _UNKNOWN) for picture in pictures]
    people = [
        f"picture {picture.smile:d}/{picture.name}"
        if opinion.person is None
        else f"person {opinion.person}"
        for picture, opinion in zip(pictures, known, strict=True)
    ]
    if opinions:
        tiers = [tier_of(p.smile, o.second) for p, o in zip(pictures, known, strict=True)]
        looked = [
            (adjudicated or {}).get((p.name, p.smile), tier)
            for p, tier in zip(pictures, tiers, strict=True)
        ]
        targets = [target_of(tier) for tier in (looked if LEARN_LOOKS else tiers)]
    else:
        looked = tiers = [tier_of(p.smile, None) for p in pictures]
        targets = [target_of(tier_of(p.smile, p.smile)) for p in pictures]
    return Crops(
        grey=np.stack([picture.grey for picture in pictures]),
        smile=np.array([picture.smile for picture in pictures]),
        target=np.array(targets, dtype=np.float32),
        tier=np.array([tier.value for tier in tiers]),
        adjudicated=np.array([tier.value for tier in looked]),
        split=np.array([split.value for split in assign_splits(people)]),
        name=np.array([picture.name for picture in pictures]),
    )


def prepare(data: str | None, second_annotator: Path | None) -> tuple[Crops, dict[str, Any]]:
    """Read, clean, label and split the data.

    Parameters
    ----------
    data
        Folder, archive or git URL; None means the default place.
    second_annotator
        The table to use; None means `second-opinion.csv` beside the data when it is there,
        otherwise the project's own if the data are those it speaks of.

    Returns
    -------
    tuple[Crops, dict[str, Any]]
        The crops, and a report with counts, checksums and every picture left out.

    Raises
    ------
    TrainingError
        When the data cannot be used.
    """
    with open_source(data) as source:
        if second_annotator is not None and not second_annotator.is_file():
            raise TrainingError(f"--second-annotator {second_annotator}: no such file")
        found = read_pictures(source.folder)
        table = second_annotator or _table_for(source, found)
        opinions = read_annotations(table) if table else {}
        adjudicated = read_tiers() if _is_the_collection(found) else {}
        crops = label_pictures(found.kept, opinions, adjudicated)
        report = _report(source, found, crops, table)
        report["tiers_sha256"] = sha256_of_file(BUNDLED_TIERS) if adjudicated else None
    for split in Split:
        count = len(crops.part(split))
        if count < LEAST_PICTURES:
            raise TrainingError(
                f"only {count} pictures for {split.value}: expected {LEAST_PICTURES} or more"
            )
    return crops, report


def _table_for(source: Source, found: Pictures) -> Path | None:
    """Return the table beside the data, or the project's own if it speaks of these pictures."""
    beside = source.beside / FILE_NAME
    if beside.is_file():
        return beside
    return BUNDLED_ANNOTATIONS if _is_the_collection(found) else None


def _is_the_collection(found: Pictures) -> bool:
    """Tell whether the project's own tables speak of these pictures."""
    known = read_annotations(BUNDLED_ANNOTATIONS).keys()
    here = {(picture.name, picture.smile) for picture in found.kept}
    return len(known & here) >= BUNDLED_ANNOTATIONS_COVERAGE * len(known)


def _report(source: Source, found: Pictures, crops: Crops, table: Path | None) -> dict[str, Any]:
    return {
        "data": source.name,
        "data_sha256": source.sha256,
        "data_commit": source.commit,
        "pictures_sha256": hashlib.sha256(crops.grey.tobytes()).hexdigest(),
        "second_annotator": table.name if table else None,
        "second_annotator_sha256": sha256_of_file(table) if table else None,
        **crops.counts(),
        "tiers_adjudicated": dict(sorted(Counter(crops.adjudicated.tolist()).items())),
        "skipped": found.skipped,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.prepare", description="Read, clean, label and split the data."
    )
    parser.add_argument("--data", help="folder, tar.gz or zip archive, or git URL of SMILEsmileD")
    parser.add_argument(
        "--second-annotator", type=Path, help="CSV (default: beside the data, or the project's)"
    )
    options = parser.parse_args(arguments)
    crops, report = prepare(options.data or None, options.second_annotator)
    crops.save(CROPS)
    write_json(WORK / "prepare.json", report)
    print(f"{report['data']}: {report['pictures']:,} pictures, {report['smile']:,} smiles")
    for split, counts in report["splits"].items():
        print(f"  {split:<10} {counts['pictures']:>6,} pictures, {counts['smile']:>5,} smiles")
    for tier, count in report["tiers"].items():
        print(f"  {tier:<18} {count:>6,}")
    if not report["second_annotator"]:
        print(f"no {FILE_NAME} for these data: plain labels, and each picture its own person")
    print(f"left out {len(report['skipped'])}:")
    for name, why in list(report["skipped"].items())[:SHOWN_FAULTS]:
        print(f"  {name}: {why}")


if __name__ == "__main__":
    run_command(main)
