"""The largest face of each whole photo, found by the product's own detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.photos import open_photo, read_photo_labels
from training.data.source import open_source

__all__ = ["PhotoCrops", "crop_photos"]

FRAME_SIDE_PX = 150  # the whole-picture baseline squeezes a photo into a square of this size


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
        uint8 (N, 64, 64), cut out as the product does; black where no face was found.
    frame
        uint8 (N, 150, 150, 3), the whole photo.
    """

    name: NDArray[np.str_]
    smile: NDArray[np.bool_]
    found: NDArray[np.bool_]
    crop: NDArray[np.uint8]
    frame: NDArray[np.uint8]


def crop_photos(photos: str) -> PhotoCrops:
    """Find the largest face of each photo.

    Parameters
    ----------
    photos
        Folder or archive that holds ``labels.csv`` (path, smile).

    Returns
    -------
    PhotoCrops
        In the order of the table.

    Raises
    ------
    TrainingError
        When the photos cannot be read.
    """
    detector = PhotoFaceDetector()
    with open_source(photos) as source:
        labels = read_photo_labels(source.folder)
        count = len(labels)
        crops = PhotoCrops(
            name=np.array([path.name for path, _ in labels]),
            smile=np.array([smile for _, smile in labels], dtype=bool),
            found=np.zeros(count, dtype=bool),
            crop=np.zeros((count, CROP_SIZE_PX, CROP_SIZE_PX), dtype=np.uint8),
            frame=np.zeros((count, FRAME_SIDE_PX, FRAME_SIDE_PX, 3), dtype=np.uint8),
        )
        for place, (path, _) in enumerate(labels):
            photo = open_photo(path)
            squeezed = photo.resize((FRAME_SIDE_PX, FRAME_SIDE_PX), Image.Resampling.BILINEAR)
            crops.frame[place] = np.asarray(squeezed)
            faces = detector.detect(np.asarray(photo))  # largest first
            if faces:
                crops.found[place] = True
                grey = np.asarray(photo.convert("L"))
                crops.crop[place] = crop_face(grey, faces[0].keypoints)
    return crops
