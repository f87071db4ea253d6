"""Photos of synthetic people. Nobody real is in them, and the networks detect their faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter

from edge_lambda.synthetic_face import WALL, draw_face


def synthetic_photo(
    faces: Sequence[tuple[int, int, int, bool]], size: tuple[int, int] = (640, 480)
) -> Image.Image:
    """Return a wall with faces on it; each is (left, top, side in px, smiles)."""
    photo = Image.new("RGB", size, WALL)
    for left, top, side_px, smiles in faces:
        photo.paste(draw_face(side_px, smiles=smiles), (left, top))
    return photo


def difficult_photo(
    side_px: int,
    *,
    degrees: float = 0.0,
    paleness: float = 0.0,
    blur_px: float = 0.0,
    size: tuple[int, int] = (192, 144),
) -> np.ndarray:
    """Return a wall with one face in its middle, tilted, pale or blurred; uint8 (H, W, 3)."""
    face = draw_face(side_px, smiles=True)
    face = face.rotate(degrees, Image.Resampling.BILINEAR, fillcolor=WALL)
    face = Image.blend(face, Image.new("RGB", face.size, WALL), paleness)
    photo = Image.new("RGB", size, WALL)
    photo.paste(face, ((size[0] - side_px) // 2, (size[1] - side_px) // 2))
    return np.asarray(photo.filter(ImageFilter.GaussianBlur(blur_px)) if blur_px else photo)


def eyes_and_mouth(left: int, top: int, side_px: int) -> np.ndarray:
    """Return where such a face has its image-left eye, image-right eye and mouth, px; (3, 2)."""
    return np.array([[0.38, 0.46], [0.62, 0.46], [0.5, 0.7]]) * side_px + [left, top]


def assert_eyes_and_mouth(
    keypoints: np.ndarray, left: int, top: int, side_px: int, within: float = 0.06
) -> None:
    """Fail the test unless the key points (6, 2) are those of that face; `within` of its side."""
    off = keypoints[[0, 1, 3]] - eyes_and_mouth(left, top, side_px)
    assert np.linalg.norm(off, axis=1).max() < within * side_px
