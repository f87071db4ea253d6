"""Synthetic faces to check a model without data; the pixels are the same on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.preprocess import CROP_SIZE_PX

__all__ = ["synthetic_faces"]

_BENDS = (-6, -3, 0, 3, 6, 9)  # height of the mouth's corners above its middle, px
_SKINS = (90, 150, 200)  # grey levels
_OPENINGS = (1, 4)  # half height of the mouth, px
_NOISE = 6  # grey levels, brighter or darker
_MIDDLE, _EYES = 32, (15, 49)  # columns
_EYE_ROW, _NOSE_ROW, _MOUTH_ROW = 15, 34, 52
_EYE, _PUPIL, _NOSE, _MOUTH, _TEETH = 6, 2, 5, 14, 10  # half widths, px


def synthetic_faces() -> NDArray[np.uint8]:
    """Return crops of faces, computed with integers only.

    Returns
    -------
    NDArray[np.uint8]
        (36, 64, 64).
    """
    noise = np.random.default_rng(5).integers(-_NOISE, _NOISE + 1, (CROP_SIZE_PX, CROP_SIZE_PX))
    faces = [
        np.clip(_face(skin, bend, opening) + noise, 0, 255)
        for skin in _SKINS
        for bend in _BENDS
        for opening in _OPENINGS
    ]
    return np.stack(faces).astype(np.uint8)


def _face(skin: int, bend: int, opening: int) -> NDArray[np.int64]:
    rows, columns = np.mgrid[:CROP_SIZE_PX, :CROP_SIZE_PX].astype(np.int64)
    aside = columns - _MIDDLE
    face = np.asarray(skin + 20 - abs(aside), dtype=np.int64)  # round: darker at the sides
    for eye in _EYES:
        face[(columns - eye) ** 2 + 3 * (rows - _EYE_ROW) ** 2 <= _EYE**2] -= 60
        face[(columns - eye) ** 2 + (rows - _EYE_ROW) ** 2 <= _PUPIL**2] -= 40
    face[(abs(aside) <= _NOSE) & (abs(rows - _NOSE_ROW) <= 1)] -= 30
    middle = _MOUTH_ROW - bend * aside**2 // _MOUTH**2
    half = opening * (_MOUTH**2 - aside**2) // _MOUTH**2 + 1
    mouth = (abs(aside) <= _MOUTH) & (abs(rows - middle) <= half)
    face[mouth] = skin // 3
    if opening > 1 and bend > 0:
        face[mouth & (rows < middle) & (abs(aside) <= _TEETH)] = 230
    return face
