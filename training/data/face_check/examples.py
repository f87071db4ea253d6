"""The examples that the face check learns from: faces, and everything else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.data.face_check.altered_faces import ALTERATIONS, altered_face
from training.data.face_check.camera import ANY, USABLE, photographed
from training.data.face_check.choices import chance
from training.data.face_check.drawn_faces import drawn_face
from training.data.face_check.faces import varied_face
from training.data.face_check.other_things import OTHER_THINGS
from training.data.face_check.round_things import ROUND_THINGS
from training.data.face_check.textures import TEXTURES

__all__ = ["KINDS", "faces", "not_faces"]

DRAWN_SHARE = 0.08  # of the faces
ALTERED_SHARE = 0.35  # of the crops without a face: altered faces; the rest is drawn
ROTATION_DEG, SCALE, SHIFT_PX = 10.0, 0.25, 5.0  # standard deviations of a drawing's pose
ANY_ROTATION_SHARE = 0.15

_DRAWN = {**ROUND_THINGS, **OTHER_THINGS, **TEXTURES}
_WEIGHTS = {
    "button": 3.0,
    "back of head": 3.0,
    "blots": 5.0,
    "badge": 2.0,
    "letters": 1.5,
    "dots": 1.5,
    "shapes": 1.5,
}
KINDS = (*ALTERATIONS, *_DRAWN)
"""Names of all kinds of crops without a face, in the order of `not_faces`."""


def faces(pictures: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return one varied face for each picture; a few are drawn instead.

    Parameters
    ----------
    pictures
        uint8 (N, 64, 64), of the data set.
    rng
        The same seed gives the same faces.

    Returns
    -------
    NDArray[np.uint8]
        (N, 64, 64).
    """
    return np.stack(
        [
            photographed(
                drawn_face(rng) if chance(rng, DRAWN_SHARE) else varied_face(picture, rng),
                USABLE,
                rng,
            )
            for picture in pictures
        ]
    )


def not_faces(
    pictures: NDArray[np.uint8], count: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int_]]:
    """Return crops without a face.

    Parameters
    ----------
    pictures
        uint8 (M, 64, 64), of the data set; they are altered until no face is left.
    count
        N.
    rng
        The same seed gives the same crops.

    Returns
    -------
    tuple[NDArray[np.uint8], NDArray[np.int_]]
        The crops, (N, 64, 64), and the index of each one's kind in `KINDS`, (N,).
    """
    drawn = np.array([_WEIGHTS.get(kind, 1.0) for kind in _DRAWN])
    shares = np.concatenate(
        [
            np.full(len(ALTERATIONS), ALTERED_SHARE / len(ALTERATIONS)),
            (1 - ALTERED_SHARE) * drawn / drawn.sum(),
        ]
    )
    kinds = rng.choice(len(KINDS), size=count, p=shares)
    crops = [photographed(_one(KINDS[kind], pictures, rng), ANY, rng) for kind in kinds]
    return np.stack(crops), kinds


def _one(kind: str, pictures: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    if kind in ALTERATIONS:
        return altered_face(pictures[rng.integers(len(pictures))], kind, rng)
    is_turned = chance(rng, ANY_ROTATION_SHARE)
    return _DRAWN[kind](rng).seen(
        angle_deg=rng.uniform(0, 360) if is_turned else rng.normal(0, ROTATION_DEG),
        scale=float(np.exp(rng.normal(0, SCALE))),
        shift=(rng.normal(0, SHIFT_PX), rng.normal(0, SHIFT_PX)),
    )
