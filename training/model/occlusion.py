"""Random covers: hands, masks, cups and edges that hide the mouth or another part of a face."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.crops import UNKNOWN

__all__ = ["HIDDEN", "UNDECIDED", "VISIBLE", "cover_randomly", "mouth_visibility"]

VISIBLE, HIDDEN, UNDECIDED = 1.0, 0.0, UNKNOWN

MOUTH_SHARE = 0.14  # of the faces: a cover about the mouth
ELSEWHERE_SHARE = 0.16  # of the faces: a cover elsewhere; a large one still reaches the mouth
HIDDEN_FROM, VISIBLE_UP_TO = 0.7, 0.25  # covered share of the mouth; between: undecided

_MOUTH = (32.0, 50.0)  # centre in the crop, px
_MOUTH_RADII = (13.0, 7.0)
_MOUTH_SPREAD = (3.0, 2.0)  # of the cover about the mouth, px
_ELSEWHERE = (
    (16, 17),
    (48, 17),
    (32, 6),
    (10, 36),
    (54, 36),
    (32, 34),
    (32, 62),
    (6, 50),
    (58, 50),
)
_ELSEWHERE_SPREAD = 3.0
_EDGE_SHARE = 0.12  # of the covers that reach the lower edge: the edge of the image, repeated
_SKIN_TONE_SHARE = 0.35  # of the covers: about as bright as the face
_SOFT_SHARE = 0.3  # of the covers: out of focus

_SIDE = CROP_SIZE_PX
_ROWS, _COLUMNS = np.mgrid[:_SIDE, :_SIDE].astype(np.float32)
_IS_MOUTH = (
    ((_COLUMNS - _MOUTH[0]) / _MOUTH_RADII[0]) ** 2 + ((_ROWS - _MOUTH[1]) / _MOUTH_RADII[1]) ** 2
) <= 1

_Crop = NDArray[np.uint8]
_Grey = NDArray[np.float32]
_Rng = np.random.Generator


def cover_randomly(
    crops: _Crop, rng: _Rng, textures_from: _Crop
) -> tuple[_Crop, NDArray[np.float32]]:
    """Cover some of the faces.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64), framed as `crop_face` does.
    rng
        The same seed gives the same covers.
    textures_from
        uint8 (M, 64, 64), faces whose skin becomes the texture of hands.

    Returns
    -------
    tuple[NDArray[np.uint8], NDArray[np.float32]]
        The crops, (N, 64, 64), and for each whether the mouth is `VISIBLE`, `HIDDEN` or
        `UNDECIDED`, (N,).
    """
    covered = crops.copy()
    visible = np.full(len(crops), VISIBLE, dtype=np.float32)
    kinds = rng.random(len(crops))
    for index in np.flatnonzero(kinds < MOUTH_SHARE + ELSEWHERE_SHARE):
        if kinds[index] < MOUTH_SHARE:
            centre = rng.normal(_MOUTH, _MOUTH_SPREAD)
        else:
            centre = rng.normal(_ELSEWHERE[rng.integers(len(_ELSEWHERE))], _ELSEWHERE_SPREAD)
        mask = _mask(rng, float(centre[0]), float(centre[1]))
        covered[index] = _covered(crops[index], mask, rng, textures_from)
        visible[index] = mouth_visibility(mask)
    return covered, visible


def mouth_visibility(mask: _Grey) -> float:
    """Return `VISIBLE`, `HIDDEN` or `UNDECIDED` for a cover, float32 (64, 64) from 0 to 1."""
    hidden = float(mask[_IS_MOUTH].mean())
    if hidden >= HIDDEN_FROM:
        return HIDDEN
    return VISIBLE if hidden <= VISIBLE_UP_TO else UNDECIDED


def _covered(crop: _Crop, mask: _Grey, rng: _Rng, textures_from: _Crop) -> _Crop:
    reaches_edge = mask[-4].mean() > 0.9  # noqa: PLR2004 - nearly the whole row
    if reaches_edge and rng.random() < _EDGE_SHARE:
        first = int(np.argmax(mask[:, _SIDE // 2] > 0.5))  # noqa: PLR2004 - half covered
        cut = crop.copy()
        cut[first:] = crop[max(first - 1, 0)]
        return cut
    texture = _texture(rng, textures_from)
    if rng.random() < _SKIN_TONE_SHARE:
        texture = texture - texture.mean() + np.percentile(crop, rng.uniform(20, 95))
    mixed = crop * (1 - mask) + texture * mask
    return np.asarray(mixed.clip(0, 255), dtype=np.uint8)


# --- shapes: 255 where the face is covered, drawn at twice the size ------------------------------

_SCALE = 2


def _face_mask(draw: ImageDraw.ImageDraw, rng: _Rng, x: float, y: float) -> None:  # noqa: ARG001
    top = rng.uniform(34, 44)
    ends = rng.uniform(-2, 8, size=2)
    left, right, sag = rng.uniform(-8, 10), rng.uniform(54, 72), rng.uniform(-3, 5)
    outline = [(left, top + ends[0]), (x - 6, top - sag), (x + 6, top - sag),
               (right, top + ends[1]), (right, 70), (left, 70)]  # fmt: skip
    draw.polygon([(_SCALE * u, _SCALE * v) for u, v in outline], fill=255)


def _fingers(draw: ImageDraw.ImageDraw, rng: _Rng, x: float, y: float) -> None:
    angle = rng.uniform(-0.6, 0.6) + (math.pi / 2 if rng.random() < 0.5 else 0)  # noqa: PLR2004
    along, width = np.array([math.cos(angle), math.sin(angle)]), rng.uniform(7, 11)
    across, count = np.array([-along[1], along[0]]), int(rng.integers(2, 5))
    for finger in range(count):
        beside = (finger - (count - 1) / 2) * width * rng.uniform(0.9, 1.1)
        middle = np.array([x, y]) + across * beside
        ends = [middle - along * rng.uniform(12, 60), middle + along * rng.uniform(12, 60)]
        path = [tuple((_SCALE * end).tolist()) for end in ends]
        draw.line(path, fill=255, width=round(_SCALE * width))
        for u, v in path:
            radius = _SCALE * width / 2
            draw.ellipse([u - radius, v - radius, u + radius, v + radius], fill=255)


def _ellipse(draw: ImageDraw.ImageDraw, rng: _Rng, x: float, y: float) -> None:
    rx, ry = rng.uniform(8, 24), rng.uniform(6, 20)
    draw.ellipse([_SCALE * side for side in (x - rx, y - ry, x + rx, y + ry)], fill=255)


def _board(draw: ImageDraw.ImageDraw, rng: _Rng, x: float, y: float) -> None:
    half = np.array([rng.uniform(8, 34), rng.uniform(6, 18)])
    angle = math.radians(rng.uniform(-30, 30)) if rng.random() < 0.6 else 0.0  # noqa: PLR2004
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    corners = [turn @ (half * sign) + (x, y) for sign in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    draw.polygon([tuple((_SCALE * corner).tolist()) for corner in corners], fill=255)


def _lower_part(draw: ImageDraw.ImageDraw, rng: _Rng, x: float, y: float) -> None:
    edge = y - rng.uniform(4, 14)
    slope = rng.uniform(-0.25, 0.25) if rng.random() < 0.5 else 0.0  # noqa: PLR2004
    outline = [(0, edge - x * slope), (_SIDE, edge + (_SIDE - x) * slope), (_SIDE, 70), (0, 70)]
    draw.polygon([(_SCALE * u, _SCALE * v) for u, v in outline], fill=255)


_Shape = Callable[[ImageDraw.ImageDraw, np.random.Generator, float, float], None]
_SHAPES: tuple[_Shape, ...] = (_face_mask, _fingers, _ellipse, _board, _lower_part)


def _mask(rng: _Rng, x: float, y: float) -> _Grey:
    large = Image.new("L", (_SCALE * _SIDE, _SCALE * _SIDE))
    _SHAPES[rng.integers(len(_SHAPES))](ImageDraw.Draw(large), rng, x, y)
    small = large.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    if rng.random() < _SOFT_SHARE:
        small = small.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.5)))
    return np.asarray(small, dtype=np.float32) / np.float32(255)


# --- textures: float32 (64, 64), grey levels ------------------------------------------------------


def _plain(rng: _Rng, _: _Crop) -> _Grey:
    return np.full((_SIDE, _SIDE), rng.uniform(0, 256), dtype=np.float32)


def _slope(rng: _Rng, _: _Crop) -> _Grey:
    return np.asarray(rng.uniform(20, 235) + _distance(rng) * rng.uniform(0.2, 2))


def _blots(rng: _Rng, _: _Crop) -> _Grey:
    side = int(rng.integers(2, 12))
    noise = Image.fromarray(rng.uniform(0, 255, (side, side)).astype(np.float32))
    smooth = np.asarray(noise.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC))
    return np.asarray(smooth * rng.uniform(0.2, 1) + rng.uniform(0, 80), dtype=np.float32)


def _skin(rng: _Rng, faces: _Crop) -> _Grey:
    face = faces[rng.integers(len(faces))]
    left, top = rng.integers(14, 34), rng.integers(18, 30)  # forehead and cheeks
    patch = Image.fromarray(face[top : top + 14, left : left + 14])
    return np.asarray(patch.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC), dtype=np.float32)


def _folds(rng: _Rng, _: _Crop) -> _Grey:
    waves = np.sin(rng.uniform(0.1, 1.2) * _distance(rng) + rng.uniform(0, 2 * math.pi))
    return np.asarray(rng.uniform(40, 215) + rng.uniform(5, 40) * waves)


def _distance(rng: _Rng) -> _Grey:
    """Return the distance of each pixel from a line through the middle of the crop, px."""
    angle, middle = rng.uniform(0, 2 * math.pi), _SIDE / 2
    return np.asarray((_COLUMNS - middle) * math.cos(angle) + (_ROWS - middle) * math.sin(angle))


_TEXTURES = (_plain, _slope, _blots, _skin, _folds)
_GRAIN = 8.0  # largest standard deviation, grey levels


def _texture(rng: _Rng, faces: _Crop) -> _Grey:
    texture = _TEXTURES[rng.integers(len(_TEXTURES))](rng, faces)
    grained = texture + rng.normal(0, rng.uniform(0, _GRAIN), texture.shape)
    return np.asarray(grained.clip(0, 255), dtype=np.float32)
