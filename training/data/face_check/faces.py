"""Faces of the data set in the frame of `smile_vision.smiles.crop`, varied and partly covered."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from smile_vision.faces.sampling import fit_similarity
from smile_vision.smiles.crop import TEMPLATE
from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.face_check.choices import chance

__all__ = ["framed", "varied_face"]

# Image-left eye, image-right eye and mouth in the pictures of the data set, px.
PICTURE_POINTS = np.array([[17.4, 16.3], [46.6, 16.3], [32.0, 49.0]])
SHIFT_PX, SCALE, ROTATION_DEG = 4.0, 0.15, 15.0  # error of the key points
MISPLACED_SHARE, MISPLACED = 0.25, 1.9  # of larger errors, times the usual ones
TURNED_SHARE, TURNED_WIDTH = 0.25, (0.6, 1.0)  # a turned head is narrower
CUTOUT_SHARE, CUTOUT_AREA = 0.25, (0.02, 0.22)
HAND_SHARE, HAND_LEVELS = 0.5, 25.0  # of the cutouts: as bright as the face, about
GLASSES_SHARE, SCARF_SHARE, CAP_SHARE = 0.14, 0.06, 0.05

_VIEW = fit_similarity(TEMPLATE, PICTURE_POINTS)
_PAD_PX = 32
_CENTRE = CROP_SIZE_PX / 2


def framed(
    picture: NDArray[np.uint8],
    *,
    angle_deg: float = 0.0,
    scale: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
    width: float = 1.0,
    padding: str = "edge",
) -> NDArray[np.uint8]:
    """Return a picture of the data set as `crop_face` would frame it, with an error.

    Parameters
    ----------
    picture
        uint8 (64, 64).
    angle_deg, scale, shift
        Of the face in the crop; clockwise, above 1 is larger, px to the right and down.
    width
        Of the face, relative to its usual width.
    padding
        How `numpy.pad` fills what lies beyond the picture.

    Returns
    -------
    NDArray[np.uint8]
        (64, 64).
    """
    angle = math.radians(angle_deg)
    cos, sin = math.cos(angle) * _VIEW.a / scale, math.sin(angle) * _VIEW.a / scale
    # From the crop's middle to the picture: the same point of the face, then the errors.
    x0 = _VIEW.a * _CENTRE + _VIEW.shift_x + _PAD_PX
    y0 = _VIEW.a * _CENTRE + _VIEW.shift_y + _PAD_PX
    u0, v0 = _CENTRE + shift[0], _CENTRE + shift[1]
    a, b, c, d = cos / width, sin / width, -sin, cos
    padded = Image.fromarray(np.pad(picture, _PAD_PX, mode=padding))  # type: ignore[call-overload]
    moved = padded.transform(
        picture.shape,
        Image.Transform.AFFINE,
        (a, b, x0 - a * u0 - b * v0, c, d, y0 - c * u0 - d * v0),
        Image.Resampling.BICUBIC,
    )
    return np.array(moved)


def varied_face(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a face with random errors of the frame, turned or partly covered.

    Parameters
    ----------
    picture
        uint8 (64, 64), of the data set.
    rng
        Source of all choices.

    Returns
    -------
    NDArray[np.uint8]
        (64, 64).
    """
    mirrored = picture[:, ::-1] if chance(rng, 0.5) else picture
    error = MISPLACED if chance(rng, MISPLACED_SHARE) else 1.0
    face = framed(
        mirrored,
        angle_deg=error * rng.uniform(-ROTATION_DEG, ROTATION_DEG),
        scale=1 + error * rng.uniform(-SCALE, SCALE),
        shift=tuple(error * rng.uniform(-SHIFT_PX, SHIFT_PX, size=2)),
        width=rng.uniform(*TURNED_WIDTH) if chance(rng, TURNED_SHARE) else 1.0,
    )
    return _covered(face, rng)


def _covered(face: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    image = Image.fromarray(face)
    draw = ImageDraw.Draw(image)
    side = CROP_SIZE_PX
    choice = rng.random()
    if choice < GLASSES_SHARE:
        _draw_glasses(draw, rng)
    elif choice < GLASSES_SHARE + SCARF_SHARE:  # or a hand, a mask, a cup
        top = rng.uniform(38, 50)
        draw.rectangle([0, top, side, side], fill=int(rng.integers(0, 256)))
    elif choice < GLASSES_SHARE + SCARF_SHARE + CAP_SHARE:
        draw.rectangle([0, 0, side, rng.uniform(3, 9)], fill=int(rng.integers(0, 120)))
    if chance(rng, CUTOUT_SHARE):
        area, ratio = rng.uniform(*CUTOUT_AREA) * side**2, math.exp(rng.uniform(-0.7, 0.7))
        width, height = math.sqrt(area * ratio), math.sqrt(area / ratio)
        left, top = (
            rng.uniform(-width / 2, side - width / 2),
            rng.uniform(-height / 2, side - height / 2),
        )
        box = [left, top, left + width, top + height]
        level = rng.integers(0, 256)
        if chance(rng, HAND_SHARE):
            level = np.clip(face.mean() + rng.normal(0, HAND_LEVELS), 0, 255)
        shape = draw.ellipse if chance(rng, 0.5) else draw.rectangle
        shape(box, fill=int(level))
    return np.array(image)


def _draw_glasses(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    tone, rim = int(rng.integers(0, 90)), int(rng.choice([rng.integers(0, 60), rng.integers(256)]))
    width, height = rng.uniform(9, 16), rng.uniform(5, 12)
    left, down = rng.normal(0, 2, size=2)
    thickness = int(rng.integers(1, 4))
    is_dark = chance(rng, 0.5)  # sunglasses
    shape = draw.ellipse if chance(rng, 0.5) else draw.rectangle
    for x, y in TEMPLATE[:2] + np.array([left, down + 1]):
        box = [x - width, y - height, x + width, y + height]
        shape(box, fill=tone if is_dark else None, outline=rim, width=thickness)
    y = TEMPLATE[0, 1] + down
    draw.line([32 + left - 5, y, 32 + left + 5, y], fill=rim, width=thickness)
