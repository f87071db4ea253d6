"""A site's own labelled photos: find the faces and split them into a training and a test part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.photos import LABELS, LabelledPhoto, face_crops, read_labels
from training.data.splits import share_of
from training.errors import TrainingError

__all__ = ["MIN_FACES", "SiteFaces", "find_site_faces", "read_site_table"]

HELD_OUT_SHARE = 0.4  # of the people, or of the photos where the person is unknown
MIN_FACES = 20  # with a smile and without, in each of the two parts
_SHOWN = 3  # photos without a face that the message names


@dataclass(frozen=True)
class SiteFaces:
    """Faces of a site: crops as uint8 (N, 64, 64) and labels as bool (N,)."""

    grey: NDArray[np.uint8]
    smile: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.grey)


def read_site_table(photos: Path, labels: Path | None) -> list[LabelledPhoto]:
    """Read the site's label table.

    Parameters
    ----------
    photos
        The folder of the photos.
    labels
        The table, see `training.data.photos.read_labels`; None: ``labels.csv`` in the folder.

    Raises
    ------
    TrainingError
        When the folder or the table is missing, or the table is invalid.
    """
    table = labels if labels is not None else photos / LABELS
    if not photos.is_dir():
        raise TrainingError(f"--photos {photos}: no such folder")
    if not table.is_file():
        raise TrainingError(f"--labels {table}: no such file (a CSV with path,smile)")
    return read_labels(table, photos)


def find_site_faces(photos: Sequence[LabelledPhoto]) -> tuple[SiteFaces, SiteFaces]:
    """Find the largest face of each photo; return the training and the held-out faces.

    Raises
    ------
    TrainingError
        When a photo cannot be read, or a part has too few faces with or without a smile.
    """
    found: list[tuple[NDArray[np.uint8], LabelledPhoto]] = []
    without_face = []
    for photo, crop in zip(photos, face_crops([photo.path for photo in photos]), strict=True):
        if crop is None:
            without_face.append(photo.path.name)
        else:
            found.append((crop, photo))
    more = "…" if len(without_face) > _SHOWN else ""
    missed = f"; no face in {', '.join(without_face[:_SHOWN])}{more}" if without_face else ""
    print(f"{len(photos):,} photos, {len(found):,} with a face{missed}")
    held_out = [share_of(photo.person) < HELD_OUT_SHARE for _, photo in found]
    parts = [
        [face for face, out in zip(found, held_out, strict=True) if out == wanted]
        for wanted in (False, True)
    ]
    return _faces(parts[0], "training"), _faces(parts[1], "evaluation")


def _faces(found: list[tuple[NDArray[np.uint8], LabelledPhoto]], purpose: str) -> SiteFaces:
    smile = np.array([photo.smile for _, photo in found], dtype=bool)
    kinds = (("smiling faces", int(smile.sum())), ("faces without a smile", int((~smile).sum())))
    for kind, count in kinds:
        if count < MIN_FACES:
            raise TrainingError(
                f"only {count} {kind} for {purpose}: expected {MIN_FACES} or more, about"
                f" {5 * MIN_FACES} photos of each kind"
            )
    return SiteFaces(np.stack([crop for crop, _ in found]), smile)
