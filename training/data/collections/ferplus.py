"""FER+: faces from a web search, with the votes of ten people each."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.alignment import align_faces
from training.data.annotations import MIN_SMILE_SHARE, target_of_share, tier_of_share
from training.data.collections.collection import Collection
from training.data.collections.ferplus_pictures import read_ferplus_pictures
from training.data.collections.ferplus_votes import USAGES, VOTES, Votes, read_votes
from training.data.crops import FERPLUS, Crops
from training.data.mouths import BUNDLED_MOUTHS, open_mouths_of, visible_mouths_of_ferplus
from training.data.source import Source, open_source
from training.errors import TrainingError
from training.workspace import DEFAULT_DATA, sha256_of_file

__all__ = ["DEFAULT_NAME", "FERPLUS_VARIABLE", "FerPlus", "chosen_ferplus"]

FERPLUS_VARIABLE = "SMILE_FERPLUS"
DEFAULT_NAME = "ferplus.tar.gz"  # next to SMILEsmileD
_NO_FERPLUS = "none"
_LICENCE = (
    "votes: MIT (Barsoum et al. 2016); pictures (Goodfellow et al. 2013): unknown, some carry"
    " watermarks of stock agencies; they are the user's own copy; nothing is shipped"
)


def chosen_ferplus(given: str | None, data: str | None) -> str | None:
    """Return the folder or archive of FER+ to use, or None to do without.

    Parameters
    ----------
    given
        The option ``--ferplus``: a folder or archive, or "none". None: the environment variable
        `FERPLUS_VARIABLE`, otherwise `DEFAULT_NAME` next to SMILEsmileD if it exists.
    data
        SMILEsmileD as the user names it; None: the default location.
    """
    given = given or os.environ.get(FERPLUS_VARIABLE)
    if given:
        return None if given == _NO_FERPLUS else given
    beside = (Path(data).expanduser() if data else DEFAULT_DATA).resolve().parent / DEFAULT_NAME
    return str(beside) if beside.exists() else None


@dataclass(frozen=True)
class FerPlus:
    """Reads and aligns FER+; its own splits are kept.

    Attributes
    ----------
    data
        Folder or archive: the layout of the FER+ authors, or ``fer2013.csv`` of the challenge with
        ``fer2013new.csv`` beside it.
    """

    data: str

    def read(self) -> Collection:
        """Read the pictures and their votes; see `training.data.collections.collection.Reader`."""
        with open_source(self.data) as source:
            table = _votes_of(source)
            votes = read_votes(table)
            unusable = _unusable(votes)
            usable = [one for one in votes if one.line not in unusable]
            lines = {one.line for one in usable}
            pictures = read_ferplus_pictures(source.folder, votes, lines)
            provenance = {
                "name": FERPLUS,
                "data": source.name,
                "data_sha256": source.sha256,
                "votes_sha256": sha256_of_file(table),
                "mouths_sha256": sha256_of_file(BUNDLED_MOUTHS),
                "licence": _LICENCE,
                "people": None,
            }
        aligned = align_faces(pictures, "FER+")
        found = [(one, crop) for one, crop in zip(usable, aligned, strict=True) if crop is not None]
        if not found:
            raise TrainingError(
                f"no usable picture in {provenance['data']}: none of its {len(votes):,} rows has"
                " clear votes and a face that can be aligned"
            )
        kept = {one.line for one, _ in found}
        skipped = {
            _skipped_name(one): unusable.get(one.line, "face not found")
            for one in votes
            if one.line not in kept
        }
        return Collection(_crops(found), provenance, skipped)


def _votes_of(source: Source) -> Path:
    beside = source.beside / VOTES
    tables = [*sorted(source.folder.rglob(VOTES)), *([beside] if beside.is_file() else [])]
    if not tables:
        raise TrainingError(
            f"no {VOTES} in {source.name} or next to it: it holds the votes, and the FER+"
            " repository publishes it"
        )
    return tables[0]


def _unusable(votes: Sequence[Votes]) -> dict[int, str]:
    """Return why rows of the votes are not used, by their line."""
    rows: dict[str, list[Votes]] = defaultdict(list)
    for one in votes:
        rows[one.name].append(one)
    reasons = {}
    for name, named in rows.items():
        contradict = len({(one.usage, one.counts, one.rejected) for one in named}) > 1
        for place, one in enumerate(named):
            if not name:
                reasons[one.line] = "not in FER+"
            elif contradict:
                reasons[one.line] = "in several rows, with different votes"
            elif place:
                reasons[one.line] = "in several rows"
            elif not one.usable:
                reasons[one.line] = "half of the votes: unknown, or not a face"
    return reasons


def _name(votes: Votes) -> str:
    """Return the name of a row's picture in the crops."""
    return Path(votes.name).stem


def _skipped_name(votes: Votes) -> str:
    """Return the name of a row in reports, which is another one in each row."""
    return f"line {votes.line}{': ' if votes.name else ''}{_name(votes)}"


def _crops(found: Sequence[tuple[Votes, NDArray[np.uint8]]]) -> Crops:
    shares = [votes.smile_share for votes, _ in found]
    tiers = np.array([tier_of_share(share).value for share in shares])
    columns: dict[str, Any] = {
        "split": [USAGES[votes.usage].value for votes, _ in found],
        "name": [_name(votes) for votes, _ in found],
        "expression": [votes.expression for votes, _ in found],
    }
    return Crops(
        grey=np.stack([crop for _, crop in found]),
        smile=np.array([share >= MIN_SMILE_SHARE for share in shares]),
        target=np.array([target_of_share(share) for share in shares], dtype=np.float32),
        tier=tiers,
        adjudicated=tiers,
        collection=np.array([FERPLUS] * len(found)),
        share=np.array(shares, dtype=np.float32),
        mouth_visible=visible_mouths_of_ferplus(columns["name"], shares),
        mouth_open=open_mouths_of(FERPLUS, [(name, False) for name in columns["name"]]),
        **{name: np.array(column) for name, column in columns.items()},
    )
