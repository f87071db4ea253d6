"""SMILEsmileD: usable pictures, joined with their labels and split by person."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.data.adjudication import BUNDLED_ADJUDICATIONS, adjudicate, read_adjudications
from training.data.annotations import (
    BUNDLED_ANNOTATIONS,
    BUNDLED_COVERAGE,
    TARGETS,
    USER_ANNOTATIONS,
    Annotation,
    PictureKey,
    Tier,
    read_annotations,
    tier_of,
)
from training.data.collections.collection import Collection
from training.data.crops import SMILESMILED, UNKNOWN, Crops
from training.data.disagreements import BUNDLED_DISAGREEMENTS, read_disagreements
from training.data.mouths import BUNDLED_OPEN_MOUTHS, open_mouths_of
from training.data.pictures import Picture, Pictures, read_pictures
from training.data.source import Source, open_source
from training.data.splits import Split, assign_splits
from training.errors import TrainingError
from training.workspace import sha256_of_file

__all__ = ["SmileSmileD", "label_pictures"]

MIN_PICTURES = 100  # in each split; fewer give no useful model and no useful metrics
_LICENCE = "none: the pictures are the user's own copy; nothing is shipped"
_UNKNOWN = Annotation(second=None, person=None)


def label_pictures(
    pictures: Sequence[Picture],
    annotations: Mapping[PictureKey, Annotation],
    adjudications: Mapping[PictureKey, Tier] | None = None,
    disagreements: Mapping[PictureKey, float] | None = None,
) -> Crops:
    """Join pictures and annotations, and split them by person.

    Parameters
    ----------
    pictures
        The usable pictures.
    annotations
        The second annotator's labels. Empty: the targets are the plain labels, and each picture
        counts as a person of its own.
    adjudications
        The tiers that the adjudicator saw. The adjudicated tiers are used for calibration and
        metrics, not as targets: training on them did not improve the model (docs/model.md).
    disagreements
        The targets of pictures on which the annotators disagree. Without one it is that of the
        tier.

    Returns
    -------
    Crops
        In the order of the pictures.
    """
    known = [annotations.get(picture.key, _UNKNOWN) for picture in pictures]
    people = [
        f"picture {picture.smile:d}/{picture.name}"
        if annotation.person is None
        else f"person {annotation.person}"
        for picture, annotation in zip(pictures, known, strict=True)
    ]
    tiers = [tier_of(p.smile, a.second) for p, a in zip(pictures, known, strict=True)]
    target_tiers = tiers if annotations else [tier_of(p.smile, p.smile) for p in pictures]
    targets = [
        (disagreements or {}).get(picture.key, TARGETS[tier])
        if tier is Tier.FAINT
        else TARGETS[tier]
        for picture, tier in zip(pictures, target_tiers, strict=True)
    ]
    adjudicated = [
        adjudicate(tier, (adjudications or {}).get(picture.key))
        for picture, tier in zip(pictures, tiers, strict=True)
    ]
    return Crops(
        grey=np.stack([picture.grey for picture in pictures]),
        smile=np.array([picture.smile for picture in pictures]),
        target=np.array(targets, dtype=np.float32),
        tier=np.array([tier.value for tier in tiers]),
        adjudicated=np.array([tier.value for tier in adjudicated]),
        split=np.array([split.value for split in assign_splits(people)]),
        name=np.array([picture.name for picture in pictures]),
        collection=np.array([SMILESMILED] * len(pictures)),
        share=np.full(len(pictures), np.nan, dtype=np.float32),
        expression=np.array([""] * len(pictures)),
        mouth_visible=np.ones(len(pictures), dtype=np.float32),
        mouth_open=(
            np.full(len(pictures), UNKNOWN, dtype=np.float32)
            if disagreements is None
            else open_mouths_of(SMILESMILED, [picture.key for picture in pictures])
        ),
    )


@dataclass(frozen=True)
class SmileSmileD:
    """Reads, cleans, labels and splits SMILEsmileD.

    Attributes
    ----------
    data
        Folder, archive or git URL; None: the default location.
    second_annotator
        The second annotator's table. None: `USER_ANNOTATIONS` next to the data if it exists,
        otherwise the bundled table if the data are SMILEsmileD.
    """

    data: str | None
    second_annotator: Path | None = None

    def read(self) -> Collection:
        """Read the pictures and their labels; see `training.data.collections.collection.Reader`."""
        with open_source(self.data) as source:
            if self.second_annotator is not None and not self.second_annotator.is_file():
                raise TrainingError(f"--second-annotator {self.second_annotator}: no such file")
            found = read_pictures(source.folder)
            is_bundled = _is_smilesmiled(found)
            table = self.second_annotator or _table_for(source, is_bundled=is_bundled)
            annotations = read_annotations(table) if table else {}
            adjudications = read_adjudications() if is_bundled else None
            disagreements = read_disagreements() if is_bundled else None
            crops = label_pictures(found.kept, annotations, adjudications, disagreements)
            known = (annotations.get(key, _UNKNOWN).person for key in crops.keys)
            provenance = {
                **_provenance(source, crops, table),
                "adjudicated_sha256": (
                    sha256_of_file(BUNDLED_ADJUDICATIONS) if is_bundled else None
                ),
                "disagreements_sha256": (
                    sha256_of_file(BUNDLED_DISAGREEMENTS) if is_bundled else None
                ),
                "open_mouths_sha256": sha256_of_file(BUNDLED_OPEN_MOUTHS) if is_bundled else None,
                "people": len(set(known) - {None}) or None,
            }
        for split in Split:
            count = len(crops.part(split))
            if count < MIN_PICTURES:
                raise TrainingError(
                    f"only {count} pictures in the {split.value} set: expected {MIN_PICTURES} or"
                    " more"
                )
        return Collection(crops, provenance, found.skipped)


def _table_for(source: Source, *, is_bundled: bool) -> Path | None:
    """Return the second annotator's table next to the data, else the bundled one if it fits."""
    beside = source.beside / USER_ANNOTATIONS
    if beside.is_file():
        return beside
    return BUNDLED_ANNOTATIONS if is_bundled else None


def _is_smilesmiled(found: Pictures) -> bool:
    """Return whether the data are the collection that the bundled tables describe."""
    described = read_annotations(BUNDLED_ANNOTATIONS).keys()
    present = {picture.key for picture in found.kept}
    return len(described & present) >= BUNDLED_COVERAGE * len(described)


def _provenance(source: Source, crops: Crops, table: Path | None) -> dict[str, Any]:
    return {
        "name": SMILESMILED,
        "data": source.name,
        "data_sha256": source.sha256,
        "data_commit": source.commit,
        "licence": _LICENCE,
        "pictures_sha256": hashlib.sha256(crops.grey.tobytes()).hexdigest(),
        "second_annotator": table.name if table else None,
        "second_annotator_sha256": sha256_of_file(table) if table else None,
        "tiers_adjudicated": dict(sorted(Counter(crops.adjudicated.tolist()).items())),
    }
