"""Labelled whole photos: where they are, which of them show a smile, and the largest face."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.errors import VisionError
from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.photos.photo import load_photo
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.annotations import MIN_SMILE_SHARE
from training.data.chunks import map_chunks
from training.data.tables import read_label, read_table
from training.errors import TrainingError
from training.workspace import DEFAULT_DATA

__all__ = [
    "LABELS",
    "LabelledPhoto",
    "chosen_photos",
    "face_crops",
    "label_table",
    "largest_face_crop",
    "open_photo",
    "read_labels",
    "read_photo_labels",
]

DEFAULT_PHOTOS = DEFAULT_DATA.with_name("photos-dev.tar.gz")
LABELS = "labels.csv"
_NO_PHOTOS = "none"
_RECIPE = "largest face of a photo, 1"  # to be changed with the detector or the crop


@dataclass(frozen=True)
class LabelledPhoto:
    """A row of the label table.

    Attributes
    ----------
    path
        Of the photo.
    share
        The share of annotators who say smile; 1 or 0 for a single label.
    person
        Without a person, the path stands for one.
    """

    path: Path
    share: float
    person: str

    @property
    def smile(self) -> bool:
        """Whether at least half of the annotators say smile."""
        return self.share >= MIN_SMILE_SHARE


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


def read_labels(
    table: Path,
    folder: Path,
    read: Callable[[Path, int, Mapping[str, str], str], float] = read_label,
) -> list[LabelledPhoto]:
    """Read a label table.

    Parameters
    ----------
    table
        CSV with the columns ``path`` (relative to the folder), ``smile`` (1 or 0) and,
        optionally, ``person``.
    folder
        Of the photos.
    read
        Reads ``smile``; `training.data.tables.read_share` also accepts shares.

    Raises
    ------
    TrainingError
        When the table is missing or invalid; the message names the line.
    """
    return [
        LabelledPhoto(
            folder / row["path"],
            read(table, line, row, "smile"),
            row.get("person") or row["path"],
        )
        for line, row in read_table(table, ("path", "smile"))
    ]


def read_photo_labels(folder: Path) -> list[tuple[Path, bool]]:
    """Return the path and the label of each photo that ``labels.csv`` lists.

    Parameters
    ----------
    folder
        Contains ``labels.csv``; see `label_table`.

    Raises
    ------
    TrainingError
        When the table is missing or invalid.
    """
    table = label_table(folder)
    return [(photo.path, photo.smile) for photo in read_labels(table, table.parent)]


def label_table(folder: Path) -> Path:
    """Return the ``labels.csv`` of a folder, at any depth; its paths are relative to its folder.

    Raises
    ------
    TrainingError
        When there is none.
    """
    tables = sorted(folder.rglob(LABELS))
    if not tables:
        raise TrainingError(f"no {LABELS} (path,smile) with the photos")
    return tables[0]


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


def face_crops(photos: Sequence[Path]) -> list[NDArray[np.uint8] | None]:
    """Return the crop of the largest face of each photo, uint8 (64, 64); None: no face.

    Faces that were found before are not searched again.

    Raises
    ------
    TrainingError
        When a photo cannot be read; the message names it.
    """
    for path in photos:
        if not path.is_file():
            raise TrainingError(f"photo {path.name}: no such file")
    if not photos:
        return []
    faces = map_chunks(_largest_faces, photos, Path.read_bytes, recipe=_RECIPE, title="photos")
    return [
        crop if found else None for crop, found in zip(faces["grey"], faces["found"], strict=True)
    ]


def _largest_faces(photos: Sequence[Path]) -> dict[str, NDArray[Any]]:
    crops = [largest_face_crop(open_photo(path), _detector()) for path in photos]
    nothing = np.zeros((CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
    return {
        "grey": np.stack([nothing if crop is None else crop for crop in crops]),
        "found": np.array([crop is not None for crop in crops]),
    }


@cache
def _detector() -> PhotoFaceDetector:
    """Return this process's detector."""
    return PhotoFaceDetector()
