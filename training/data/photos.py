"""Labelled whole photos: where they are, which of them show a smile, and the largest face."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.errors import VisionError
from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.photos.photo import load_photo
from smile_vision.smiles.crop import crop_face
from training.data.tables import read_label, read_table
from training.errors import TrainingError
from training.workspace import DEFAULT_DATA

__all__ = [
    "LABELS",
    "LabelledPhoto",
    "chosen_photos",
    "largest_face_crop",
    "open_photo",
    "read_labels",
    "read_photo_labels",
]

DEFAULT_PHOTOS = DEFAULT_DATA.with_name("photos-dev.tar.gz")
LABELS = "labels.csv"
_NO_PHOTOS = "none"


@dataclass(frozen=True)
class LabelledPhoto:
    """A row of the label table; without a person, the path stands for one."""

    path: Path
    smile: bool
    person: str


def chosen_photos(given: str | None) -> str | None:
    """Return the folder or archive of photos to use, or None for no photos.

    Parameters
    ----------
    given
        The option ``--photos``: a folder or archive, or "none". None: `DEFAULT_PHOTOS`, if it
        exists.
    """
    if given is None:
        return str(DEFAULT_PHOTOS) if DEFAULT_PHOTOS.exists() else None
    return None if given == _NO_PHOTOS else given


def read_labels(table: Path, folder: Path) -> list[LabelledPhoto]:
    """Read a label table.

    Parameters
    ----------
    table
        CSV with the columns ``path`` (relative to the folder), ``smile`` (1 or 0) and,
        optionally, ``person``.
    folder
        Of the photos.

    Raises
    ------
    TrainingError
        When the table is missing or invalid; the message names the line.
    """
    return [
        LabelledPhoto(
            folder / row["path"],
            read_label(table, line, row, "smile"),
            row.get("person") or row["path"],
        )
        for line, row in read_table(table, ("path", "smile"))
    ]


def read_photo_labels(folder: Path) -> list[tuple[Path, bool]]:
    """Return the path and the label of each photo that ``labels.csv`` lists.

    Parameters
    ----------
    folder
        Contains ``labels.csv`` at any depth; its paths are relative to its own folder.

    Raises
    ------
    TrainingError
        When the table is missing or invalid.
    """
    tables = sorted(folder.rglob(LABELS))
    if not tables:
        raise TrainingError(f"no {LABELS} (path,smile) with the photos")
    return [(photo.path, photo.smile) for photo in read_labels(tables[0], tables[0].parent)]


def open_photo(path: Path) -> Image.Image:
    """Return an upright RGB photo.

    Raises
    ------
    TrainingError
        When it cannot be read; the message names it.
    """
    try:
        return load_photo(path)
    except VisionError as error:
        raise TrainingError(f"photo {path.name}: {error}") from error


def largest_face_crop(photo: Image.Image, detector: PhotoFaceDetector) -> NDArray[np.uint8] | None:
    """Return the crop of the largest face, uint8 (64, 64), or None when there is no face."""
    faces = detector.detect(np.asarray(photo))  # the largest comes first
    return crop_face(np.asarray(photo.convert("L")), faces[0].keypoints) if faces else None
