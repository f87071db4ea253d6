"""Faces of the bundled clip in any size, and how far a crop is off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.faces.boxes import Box
from smile_vision.faces.detection import EYES_AND_MOUTH, FaceDetection
from smile_vision.faces.sampling import fit_similarity
from smile_vision.smiles.crop import TEMPLATE

Grey = NDArray[np.uint8]


def grey_of(photo: Image.Image) -> Grey:
    """Return the photo in grey; uint8 (H, W)."""
    return np.array(photo.convert("L"))


def scaled_clip(
    clip: Image.Image, face: FaceDetection, width_px: float
) -> tuple[Grey, FaceDetection]:
    """Return the frame scaled so that a face is `width_px` wide, and that face."""
    scale = width_px / face.box[2]
    small = clip.convert("L").resize((round(clip.width * scale), round(clip.height * scale)))
    return np.array(small), face.scaled(small.width / clip.width, small.height / clip.height)


def resized(box: Box, factor: float, off: tuple[float, float] = (0, 0)) -> Box:
    """Return a box with another size and its centre shifted by `off` of its widths."""
    x, y, width, height = box
    return (
        x + width / 2 + off[0] * width - factor * width / 2,
        y + height / 2 + off[1] * width - factor * height / 2,
        factor * width,
        factor * height,
    )


def crop_offset_px(found: FaceDetection, expected: FaceDetection) -> float:
    """Return how far the crop's centre and corners are off at most, px of 64."""
    crops = [
        fit_similarity(TEMPLATE, face.keypoints[EYES_AND_MOUTH, :].astype(np.float64))
        for face in (found, expected)
    ]
    off = crops[0].apply(TEMPLATE) - crops[1].apply(TEMPLATE)
    return float(np.hypot(*off.T).max()) / crops[1].scale
