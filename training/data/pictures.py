"""Read the labelled pictures of a data folder; report every picture that cannot be used."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.annotations import PictureKey
from training.errors import TrainingError

__all__ = ["PICTURE_ERRORS", "Picture", "Pictures", "read_pictures"]

SMILE_FOLDER = "positives"
NO_SMILE_FOLDER = "negatives"
SUFFIXES = {".jpg", ".jpeg", ".png", ".pgm", ".bmp"}
MAX_SKIPPED_SHARE = 0.2  # with more unusable pictures it is probably the wrong folder
_CLASSES = ((False, NO_SMILE_FOLDER), (True, SMILE_FOLDER))
PICTURE_ERRORS = (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError)


@dataclass(frozen=True)
class Picture:
    """One crop: file name without suffix, label, and grey levels as uint8 (64, 64)."""

    name: str
    smile: bool
    grey: NDArray[np.uint8]

    @property
    def key(self) -> PictureKey:
        """The picture's key in the label tables."""
        return self.name, self.smile

    @property
    def path(self) -> str:
        """Class folder and name, for reports."""
        return f"{SMILE_FOLDER if self.smile else NO_SMILE_FOLDER}/{self.name}"


@dataclass
class Pictures:
    """The usable pictures, and the reason for each skipped one by path."""

    kept: list[Picture] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


def read_pictures(folder: Path) -> Pictures:
    """Read all crops below the folders ``positives`` and ``negatives``.

    Pictures that are damaged or not 64x64 are skipped. Of several copies within one class, one is
    kept. When a picture or a file number is in both classes, all copies are skipped, because the
    correct label is unknown.

    Parameters
    ----------
    folder
        The data; the class folders may be at any depth.

    Returns
    -------
    Pictures
        Sorted by class and name.

    Raises
    ------
    TrainingError
        When a class folder is missing or empty, or too many pictures are unusable.
    """
    found = Pictures()
    for smile, class_name in _CLASSES:
        for path in _picture_files(folder, class_name):
            _read_into(found, path, class_name, smile)
    total = len(found.kept) + len(found.skipped)
    if len(found.skipped) > MAX_SKIPPED_SHARE * total:
        name, reason = next(iter(found.skipped.items()))
        raise TrainingError(
            f"{len(found.skipped)} of {total} pictures cannot be used (the first: {name},"
            f" {reason}): expected grey {CROP_SIZE_PX}x{CROP_SIZE_PX} crops of faces"
        )
    _drop_contradictions(found)
    _drop_copies(found)
    for smile, class_name in _CLASSES:
        if not any(picture.smile == smile for picture in found.kept):
            raise TrainingError(f"class {class_name}: it has no usable picture")
    return found


def _picture_files(folder: Path, class_name: str) -> list[Path]:
    files = [
        path
        for class_folder in folder.rglob("*")
        if class_folder.is_dir() and class_folder.name.lower() == class_name
        for path in class_folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    ]
    if not files:
        raise TrainingError(
            f"no pictures below a folder named {class_name!r} in the data: expected"
            f" {SMILE_FOLDER}/…/*.jpg (smiles) and {NO_SMILE_FOLDER}/…/*.jpg (no smile)"
        )
    return sorted(set(files), key=lambda path: (len(path.stem), path.stem, str(path)))


def _read_into(found: Pictures, path: Path, class_name: str, smile: bool) -> None:
    name = f"{class_name}/{path.name}"
    try:
        with Image.open(path) as image:
            if image.size != (CROP_SIZE_PX, CROP_SIZE_PX):
                found.skipped[name] = f"{image.width}x{image.height} px"
                return
            grey = np.asarray(image.convert("L"), dtype=np.uint8)
    except PICTURE_ERRORS:
        found.skipped[name] = "damaged, or not a picture"
        return
    found.kept.append(Picture(path.stem, smile, grey))


def _digest(picture: Picture) -> str:
    return hashlib.sha256(picture.grey.tobytes()).hexdigest()


def _drop_contradictions(found: Pictures) -> None:
    labels: dict[str, set[bool]] = defaultdict(set)
    for picture in found.kept:
        labels[picture.name].add(picture.smile)
        labels[_digest(picture)].add(picture.smile)
    kept = []
    for picture in found.kept:
        if len(labels[picture.name]) > 1 or len(labels[_digest(picture)]) > 1:
            found.skipped[picture.path] = "in both classes"
        else:
            kept.append(picture)
    found.kept = kept


def _drop_copies(found: Pictures) -> None:
    first: dict[str, str] = {}
    kept = []
    for picture in found.kept:
        original = first.setdefault(_digest(picture), picture.name)
        if original != picture.name:
            found.skipped[picture.path] = f"same picture as {original}"
        else:
            kept.append(picture)
    found.kept = kept
