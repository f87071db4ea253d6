"""Pictures of faces altered until no face is left: the same grey levels and edges, out of place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from smile_vision.smiles.crop import TEMPLATE
from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.face_check.faces import framed

__all__ = ["ALTERATIONS", "altered_face"]

_SIDE = CROP_SIZE_PX
_Crop = NDArray[np.uint8]


def _rotated(picture: _Crop, rng: np.random.Generator) -> _Crop:
    return framed(
        picture, angle_deg=rng.uniform(60, 300), scale=rng.uniform(0.8, 1.4), padding="reflect"
    )


def _upside_down(picture: _Crop, rng: np.random.Generator) -> _Crop:
    return framed(picture, angle_deg=rng.uniform(-15, 15), scale=rng.uniform(0.9, 1.3))[::-1]


def _inverted(picture: _Crop, rng: np.random.Generator) -> _Crop:
    return 255 - framed(picture, angle_deg=rng.uniform(-15, 15), scale=rng.uniform(0.85, 1.15))


def _too_small(picture: _Crop, rng: np.random.Generator) -> _Crop:
    return framed(
        picture, scale=rng.uniform(0.2, 0.5), padding=str(rng.choice(["edge", "reflect"]))
    )


def _too_large(picture: _Crop, rng: np.random.Generator) -> _Crop:
    return framed(picture, scale=rng.uniform(2.0, 4.0), shift=tuple(rng.uniform(-40, 40, size=2)))


def _aside(picture: _Crop, rng: np.random.Generator) -> _Crop:
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(22, 40)
    shift = (distance * np.cos(angle), distance * np.sin(angle))
    return framed(picture, scale=rng.uniform(0.9, 1.3), shift=shift, padding="edge")


def _shuffled(picture: _Crop, rng: np.random.Generator) -> _Crop:
    """Return the picture with its blocks in another order."""
    face = framed(picture)
    rows, columns = [(2, 1), (2, 2), (4, 1), (4, 2), (4, 4), (8, 8)][rng.integers(6)]
    height, width = _SIDE // rows, _SIDE // columns
    blocks = face.reshape(rows, height, columns, width).swapaxes(1, 2).reshape(-1, height, width)
    order = rng.permutation(len(blocks))
    if (order == np.arange(len(blocks))).all():
        order = order[::-1]
    mixed = blocks[order].reshape(rows, columns, height, width)
    return mixed.swapaxes(1, 2).reshape(_SIDE, _SIDE)


def _without_features(picture: _Crop, rng: np.random.Generator) -> _Crop:
    """Return the face with eyes, nose and mouth smoothed away."""
    face = Image.fromarray(framed(picture, scale=rng.uniform(0.85, 1.15)))
    smooth = face.filter(ImageFilter.GaussianBlur(rng.uniform(10, 16)))
    rows, columns = np.mgrid[:_SIDE, :_SIDE]
    weight = np.zeros((_SIDE, _SIDE))
    for x, y, rx, ry in (*((*eye, 16, 13) for eye in TEMPLATE[:2]), (32, 36, 14, 14),
                         (*TEMPLATE[2], 22, 15)):  # fmt: skip
        distance = np.hypot((columns - x) / rx, (rows - y) / ry)
        weight = np.maximum(weight, np.clip(2.5 - 2 * distance, 0, 1))
    mixed = np.asarray(face) * (1 - weight) + np.asarray(smooth) * weight
    return np.rint(mixed).astype(np.uint8)


def _half(picture: _Crop, rng: np.random.Generator) -> _Crop:
    """Return the face with more than a half replaced by a plain shade."""
    face = framed(picture).astype(np.float32)
    shade = rng.uniform(20, 235) + rng.uniform(-1, 1) * np.linspace(-30, 30, _SIDE)[np.newaxis]
    keep = int(rng.integers(_SIDE // 5, _SIDE * 9 // 20))
    side = rng.integers(3)  # what stays: left, right or the lower part
    if side == 0:
        face[:, keep:] = np.broadcast_to(shade, face.shape)[:, keep:]
    elif side == 1:
        face[:, :-keep] = np.broadcast_to(shade, face.shape)[:, :-keep]
    else:
        face[:-keep] = np.broadcast_to(shade, face.shape)[:-keep]
    return face.clip(0, 255).astype(np.uint8)


ALTERATIONS: dict[str, Callable[[_Crop, np.random.Generator], _Crop]] = {
    "rotated": _rotated,
    "upside down": _upside_down,
    "inverted": _inverted,
    "too small": _too_small,
    "too large": _too_large,
    "far aside": _aside,
    "shuffled": _shuffled,
    "without features": _without_features,
    "half": _half,
}


def altered_face(picture: _Crop, kind: str, rng: np.random.Generator) -> _Crop:
    """Return a picture that shows no face any more.

    Parameters
    ----------
    picture
        uint8 (64, 64), of the data set.
    kind
        A key of `ALTERATIONS`.
    rng
        Source of all choices.

    Returns
    -------
    NDArray[np.uint8]
        (64, 64).
    """
    return np.ascontiguousarray(ALTERATIONS[kind](picture, rng))
