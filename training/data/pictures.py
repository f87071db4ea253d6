"""Reads the labelled pictures of a data folder and names every one that cannot be used."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.errors import TrainingError

__all__ = ["Picture", "Pictures", "read_pictures"]

SMILE_FOLDER = "positives"
NEUTRAL_FOLDER = "negatives"
SUFFIXES = {".jpg", ".jpeg", ".png", ".pgm", ".bmp"}
LARGEST_SKIPPED_SHARE = 0.2  # more unusable pictures than that: it is the wrong folder
_PICTURE_ERRORS = (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError)


@dataclass(frozen=True)
class Picture:
    """One crop: its name (file name without suffix), its label and 64x64 uint8 grey levels."""

    name: str
    smile: bool
    grey: NDArray[np.uint8]


@dataclass
class Pictures:
    """What was read, and what was left out and why."""

    kept: list[Picture] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


def read_pictures(folder: Path) -> Pictures:
    """Read all crops below the folders ``positives`` and ``negatives``.

    A picture that is damaged or not 64x64 is skipped and named; so are the copies of a picture
    within one class, and *both* copies when a picture (or a number) stands in both classes,
    because nobody can tell which label is meant.

    Parameters
    ----------
    folder
        The data; the two class folders may lie at any depth.

    Returns
    -------
    Pictures
        In a fixed order, by class and name.

    Raises
    ------
    TrainingError
        When a class folder is missing or empty, or too much of the data is unusable.
    """
    found = Pictures()
    for smile, class_name in ((False, NEUTRAL_FOLDER), (True, SMILE_FOLDER)):
        for path in _picture_files(folder, class_name):
            _read_into(found, path, class_name, smile)
    total = len(found.kept) + len(found.skipped)
    if len(found.skipped) > LARGEST_SKIPPED_SHARE * total:
        name, why = next(iter(found.skipped.items()))
        raise TrainingError(
            f"{len(found.skipped)} of {total} pictures cannot be used (the first: {name}, {why}):"
            f" expected grey {CROP_SIZE_PX}x{CROP_SIZE_PX} crops of faces"
        )
    _drop_contradictions(found)
    _drop_copies(found)
    for smile, class_name in ((False, NEUTRAL_FOLDER), (True, SMILE_FOLDER)):
        if not any(picture.smile == smile for picture in found.kept):
            raise TrainingError(f"class {class_name}: no usable picture in it")
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
            f"no pictures below a folder called {class_name!r} in the data: expected"
            f" {SMILE_FOLDER}/…/*.jpg (smiles) and {NEUTRAL_FOLDER}/…/*.jpg (no smile)"
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
    except _PICTURE_ERRORS:
        found.skipped[name] = "damaged or no picture"
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
            found.skipped[_label_name(picture)] = "stands in both classes"
        else:
            kept.append(picture)
    found.kept = kept


def _drop_copies(found: Pictures) -> None:
    first: dict[str, str] = {}
    kept = []
    for picture in found.kept:
        earlier = first.setdefault(_digest(picture), picture.name)
        if earlier != picture.name:
            found.skipped[_label_name(picture)] = f"same picture as {earlier}"
        else:
            kept.append(picture)
    found.kept = kept


def _label_name(picture: Picture) -> str:
    return f"{SMILE_FOLDER if picture.smile else NEUTRAL_FOLDER}/{picture.name}"
