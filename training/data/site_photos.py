"""A site's own labelled photos, cut to faces by the product's face finder and split in two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import VisionError
from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.photos.photo import load_photo
from smile_vision.smiles.crop import crop_face
from training.data.splits import share_of
from training.data.tables import read_label, read_table
from training.errors import TrainingError

__all__ = ["LEAST_FACES", "SiteFaces", "SitePhoto", "find_site_faces", "read_site_table"]

HELD_OUT_SHARE = 0.4  # of the photos, or of the people where they are known
LEAST_FACES = 20  # of each kind, in each of the two parts
FILE_NAME = "labels.csv"
_SHOWN = 3  # unusable photos named in the message


@dataclass(frozen=True)
class SiteFaces:
    """Faces of a site: uint8 (N, 64, 64) and whether each smiles, bool (N,)."""

    grey: NDArray[np.uint8]
    smile: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.grey)


@dataclass(frozen=True)
class SitePhoto:
    """A photo of the site's table; without a person its own path stands for one."""

    path: Path
    smile: bool
    person: str


def find_site_faces(photos: Sequence[SitePhoto]) -> tuple[SiteFaces, SiteFaces]:
    """Find the largest face of each photo; return those to learn from and those to judge on.

    Raises
    ------
    TrainingError
        When a photo cannot be read, or there are too few faces of a kind.
    """
    detector = PhotoFaceDetector()
    found: list[tuple[NDArray[np.uint8], SitePhoto]] = []
    faceless = []
    for row in photos:
        try:
            photo = load_photo(row.path)
        except VisionError as error:
            raise TrainingError(f"photo {row.path.name}: {error}") from error
        faces = detector.detect(np.asarray(photo))
        if faces:
            found.append((crop_face(np.asarray(photo.convert("L")), faces[0].keypoints), row))
        else:
            faceless.append(row.path.name)
    more = "…" if len(faceless) > _SHOWN else ""
    none_in = f"; none in {', '.join(faceless[:_SHOWN])}{more}" if faceless else ""
    print(f"{len(photos):,} photos, {len(found):,} with a face{none_in}")
    held_out = [share_of(row.person) < HELD_OUT_SHARE for _, row in found]
    learners = _part([one for one, out in zip(found, held_out, strict=True) if not out], "learn")
    return learners, _part([one for one, out in zip(found, held_out, strict=True) if out], "judge")


def _part(found: list[tuple[NDArray[np.uint8], SitePhoto]], purpose: str) -> SiteFaces:
    smile = np.array([row.smile for _, row in found], dtype=bool)
    kinds = (("smiling faces", int(smile.sum())), ("faces without a smile", int((~smile).sum())))
    for kind, count in kinds:
        if count < LEAST_FACES:
            raise TrainingError(
                f"only {count} {kind} to {purpose} {'from' if purpose == 'learn' else 'on'}:"
                f" expected {LEAST_FACES} or more, about {5 * LEAST_FACES} photos of each kind"
            )
    return SiteFaces(np.stack([crop for crop, _ in found]), smile)


def read_site_table(photos: Path, labels: Path | None) -> list[SitePhoto]:
    """Read which photos there are.

    Parameters
    ----------
    photos
        The folder.
    labels
        CSV with the columns path (in the folder), smile (1 or 0) and, if known, person; None:
        ``labels.csv`` in the folder.

    Raises
    ------
    TrainingError
        When there is no such folder or table, or it is faulty; the message names the line.
    """
    table = labels if labels is not None else photos / FILE_NAME
    if not photos.is_dir():
        raise TrainingError(f"--photos {photos}: no such folder")
    if not table.is_file():
        raise TrainingError(f"--labels {table}: no such file (a CSV with path,smile)")
    rows = []
    for line, row in read_table(table, ("path", "smile")):
        smile = read_label(table, line, row, "smile")
        rows.append(SitePhoto(photos / row["path"], smile, row.get("person") or row["path"]))
    return rows
