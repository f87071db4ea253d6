"""Drawn faces, so that "drawn" does not mean "not a face"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.crop import TEMPLATE
from training.data.face_check.canvas import Canvas
from training.data.face_check.choices import chance

__all__ = ["drawn_face"]

_EYES_Y = float(TEMPLATE[0, 1]) - 32
_MOUTH_Y = float(TEMPLATE[2, 1]) - 32
_SMILE_BEND = 3  # px, lowest bend of the mouth that is drawn as a smile
_EYE_X = float(TEMPLATE[1, 0]) - 32


def drawn_face(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a simple face, uint8 (64, 64): shaded skin, brows, eyes, a nose and a mouth."""
    skin = int(rng.integers(70, 235))
    dark = int(skin * rng.uniform(0.1, 0.5))
    shadow = int(skin * rng.uniform(0.6, 0.88))
    canvas = Canvas(int(rng.integers(0, 256)))
    canvas.ellipse(0, rng.uniform(-8, 0), rng.uniform(34, 46), rng.uniform(46, 56), dark)  # hair
    canvas.ellipse(0, rng.uniform(2, 8), rng.uniform(30, 40), rng.uniform(38, 46), skin)
    _draw_eyes(canvas, rng, skin, dark)
    nose = rng.uniform(-2, 5)
    canvas.line([(rng.normal(0, 1), _EYES_Y + 4), (rng.uniform(-4, -1), nose), (3, nose)],
                rng.uniform(1, 3), shadow)  # fmt: skip
    width, bend = rng.uniform(9, 19), rng.uniform(-3, 10)
    lips = int(skin * rng.uniform(0.35, 0.7))
    if bend > _SMILE_BEND:
        points = [(x, _MOUTH_Y - bend * (x / width) ** 2) for x in np.linspace(-width, width, 9)]
        if chance(rng, 0.6):  # with teeth
            canvas.polygon([*points, (0, _MOUTH_Y - bend * 0.8)], lips)
            inner = [(x * 0.8, y - 1) for x, y in points]
            canvas.polygon([*inner, (0, _MOUTH_Y - bend * 0.8)], int(rng.integers(180, 256)))
        else:
            canvas.line(points, rng.uniform(1.5, 4), lips)
    else:
        canvas.ellipse(0, _MOUTH_Y, width, rng.uniform(1, 4), lips)
    return canvas.seen(
        angle_deg=rng.normal(0, 6), scale=rng.uniform(0.88, 1.12),
        shift=(rng.normal(0, 2), rng.normal(0, 2)),
    )  # fmt: skip


def _draw_eyes(canvas: Canvas, rng: np.random.Generator, skin: int, dark: int) -> None:
    white = int(rng.integers(skin * 4 // 5, 256))
    rx, ry, pupil = rng.uniform(5, 9.5), rng.uniform(2.5, 5), rng.uniform(2.2, 4.5)
    brow, away, slope = rng.uniform(1.5, 4), rng.uniform(6, 10), rng.uniform(-3, 3)
    for side in (-1, 1):
        x = side * (_EYE_X + rng.normal(0, 0.5))
        canvas.ellipse(x, _EYES_Y, rx, ry, white)
        canvas.ellipse(x, _EYES_Y, pupil, min(pupil, ry * 1.2), dark)
        canvas.line([(x - side * rx, _EYES_Y - away + slope), (x + side * rx, _EYES_Y - away)],
                    brow, dark)  # fmt: skip
