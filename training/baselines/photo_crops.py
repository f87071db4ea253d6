"""The faces of whole photos, found once with the service's own detector and kept between runs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.errors import VisionError
from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.photos.photo import load_photo
from smile_vision.smiles.classifier import MODEL_CARD_PATH
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.source import open_source
from training.errors import TrainingError
from training.evaluate_photos import read_photo_labels
from training.workspace import WORK, sha256_of_file, write_atomically

__all__ = ["FRAME_SIDE_PX", "PhotoCrops", "crop_photos"]

FRAME_SIDE_PX = 150  # whole photos squeezed into a square, as the inspiring project did
_CACHE = WORK / "photo-crops.npz"
_FINDERS = (  # the modules of smile_vision that decide what a crop looks like
    "blazeface",
    "crop",
    "detection",
    "detector",
    "nms",
    "photo_detector",
    "sampling",
    "tiles",
)


@dataclass(frozen=True)
class PhotoCrops:
    """N labelled photos and the largest face in each.

    Attributes
    ----------
    name
        str (N,), the photo's file name.
    smile, found
        bool (N,): the label; whether a face was found.
    crop
        uint8 (N, 64, 64), as the service cuts it; black where no face was found.
    frame
        uint8 (N, 150, 150, 3), the whole photo.
    """

    name: NDArray[np.str_]
    smile: NDArray[np.bool_]
    found: NDArray[np.bool_]
    crop: NDArray[np.uint8]
    frame: NDArray[np.uint8]


def crop_photos(photos: str) -> PhotoCrops:
    """Find the largest face of each photo, or read what an earlier run found.

    Parameters
    ----------
    photos
        Folder or archive that holds ``labels.csv`` (path, smile).

    Returns
    -------
    PhotoCrops
        In the table's order.

    Raises
    ------
    TrainingError
        When the photos cannot be used.
    """
    key = _key(Path(photos))
    if key is not None and (kept := _kept(key)) is not None:
        return kept
    with open_source(photos) as source:
        crops = _crop_all(read_photo_labels(source.folder))
    if key is not None:
        content = io.BytesIO()
        arrays = {part.name: getattr(crops, part.name) for part in fields(crops)}
        np.savez_compressed(content, key=np.array(key), **arrays)
        write_atomically(_CACHE, content.getvalue())
    return crops


def _crop_all(photos: list[tuple[Path, bool]]) -> PhotoCrops:
    detector = PhotoFaceDetector()
    count = len(photos)
    found = np.zeros(count, dtype=bool)
    crop = np.zeros((count, CROP_SIZE_PX, CROP_SIZE_PX), dtype=np.uint8)
    frame = np.zeros((count, FRAME_SIDE_PX, FRAME_SIDE_PX, 3), dtype=np.uint8)
    for place, (path, _) in enumerate(photos):
        try:
            photo = load_photo(path)
        except VisionError as error:
            raise TrainingError(f"photo {path.name}: {error}") from error
        frame[place] = np.asarray(photo.resize((FRAME_SIDE_PX, FRAME_SIDE_PX), _BILINEAR))
        faces = detector.detect(np.asarray(photo))  # largest first
        if faces:
            found[place] = True
            crop[place] = crop_face(np.asarray(photo.convert("L")), faces[0].keypoints)
    names = np.array([path.name for path, _ in photos])
    smile = np.array([smile for _, smile in photos], dtype=bool)
    return PhotoCrops(names, smile, found, crop, frame)


_BILINEAR = Image.Resampling.BILINEAR


def _key(photos: Path) -> str | None:
    """Identify photos and the code that finds their faces; None for a folder, which may change."""
    if not photos.is_file():
        return None
    code = hashlib.sha256()
    for name in _FINDERS:
        code.update((MODEL_CARD_PATH.parents[1] / f"{name}.py").read_bytes())
    return f"{sha256_of_file(photos)} {code.hexdigest()}"


def _kept(key: str) -> PhotoCrops | None:
    try:
        with np.load(_CACHE) as content:
            if str(content["key"]) != key:
                return None
            return PhotoCrops(**{part.name: content[part.name] for part in fields(PhotoCrops)})
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None
