"""A folder of the user's own labelled photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data.annotations import MIN_SMILE_SHARE, target_of_share, tier_of_share
from training.data.collections.collection import Collection
from training.data.crops import UNKNOWN, Crops
from training.data.photos import LABELS, face_crops, read_labels
from training.data.splits import assign_splits
from training.data.tables import read_share
from training.errors import TrainingError
from training.workspace import sha256_of_file

__all__ = ["OwnPhotos"]


@dataclass(frozen=True)
class OwnPhotos:
    """Reads whole photos and finds the largest face of each; the people decide the split.

    Attributes
    ----------
    folder
        Contains ``labels.csv`` with the columns ``path``, ``smile`` (0 to 1, the share of people
        who say smile) and, optionally, ``person``. Its name becomes the collection's.
    """

    folder: Path

    def read(self) -> Collection:
        """Read the photos and labels; see `training.data.collections.collection.Reader`."""
        if not self.folder.is_dir():
            raise TrainingError(f"--own {self.folder}: no such folder")
        table = self.folder / LABELS
        if not table.is_file():
            raise TrainingError(f"--own {self.folder}: no {LABELS} (path,smile) in it")
        photos = read_labels(table, self.folder, read_share)
        crops = face_crops([photo.path for photo in photos])
        names = [photo.path.relative_to(self.folder).as_posix() for photo in photos]
        found = [place for place, crop in enumerate(crops) if crop is not None]
        if not found:
            raise TrainingError(
                f"no usable photo in {self.folder.name}: none of its {len(photos):,} has a face"
            )
        name = self.folder.resolve().name
        shares = [photos[place].share for place in found]
        tiers = np.array([tier_of_share(share).value for share in shares])
        people = [photos[place].person for place in found]
        return Collection(
            Crops(
                grey=np.stack([crop for crop in crops if crop is not None]),
                smile=np.array([photos[place].smile for place in found]),
                target=np.array([target_of_share(share) for share in shares], dtype=np.float32),
                tier=tiers,
                adjudicated=tiers,
                split=np.array([split.value for split in assign_splits(people)]),
                name=np.array([names[place] for place in found]),
                collection=np.array([name] * len(found)),
                share=np.array(shares, dtype=np.float32),
                expression=np.array([""] * len(found)),
                mouth_open=np.full(len(found), UNKNOWN, dtype=np.float32),
                mouth_visible=np.array(
                    [1.0 if share >= MIN_SMILE_SHARE else UNKNOWN for share in shares], np.float32
                ),
            ),
            {
                "name": name,
                "data": name,
                "data_sha256": None,
                "labels_sha256": sha256_of_file(table),
                "licence": "the user's own photos",
                "people": len(set(people)),
            },
            {names[place]: "face not found" for place in range(len(photos)) if place not in found},
        )
