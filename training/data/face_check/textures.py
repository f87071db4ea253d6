"""Textures without a face: hair, backs of heads, cloth, foliage, plain walls."""

from __future__ import annotations

import math

import numpy as np

from training.data.face_check.canvas import Canvas, noise_field
from training.data.face_check.choices import chance

__all__ = ["TEXTURES"]

_Rng = np.random.Generator


def hair(rng: _Rng) -> Canvas:
    """Draw hair that fills the crop."""
    canvas = Canvas(int(rng.integers(10, 230)))
    stretch = (rng.uniform(0.05, 0.4), rng.uniform(1, 4))
    canvas.texture(noise_field(rng, canvas.side_px, rng.uniform(0.5, 1.5), stretch),
                   rng.uniform(6, 30))  # fmt: skip
    return canvas


def back_of_head(rng: _Rng) -> Canvas:
    """Draw a head from behind: hair, ears, neck, collar, perhaps a bald spot or a pony tail."""
    canvas = Canvas(int(rng.integers(0, 256)))
    tone = int(rng.integers(5, 120)) if chance(rng, 0.7) else int(rng.integers(100, 230))
    skin = int(rng.integers(50, 220))
    rx, ry = rng.uniform(22, 60), rng.uniform(28, 56)
    hairline = rng.uniform(-26, 40)
    y = hairline - ry * rng.uniform(0.35, 1.0)
    collar, shirt = int(rng.integers(0, 256)), int(rng.integers(0, 256))
    canvas.rectangle(0, hairline + 10, rx * rng.uniform(0.4, 0.75), 40, skin)
    for side in (-1, 1):
        canvas.ellipse(side * rx, y + ry * 0.2, rng.uniform(3, 7), rng.uniform(6, 11), skin)
    canvas.ellipse(0, y, rx, ry, skin if chance(rng, 0.1) else tone)  # bald
    bottom = rng.uniform(-8, 22)  # V- or U-shaped lower edge of the hair
    canvas.polygon([(-rx * 0.9, y), (rx * 0.9, y), (rx * 0.5, hairline), (0, hairline + bottom),
                    (-rx * 0.5, hairline)], tone)  # fmt: skip
    if chance(rng, 0.8):
        edge = hairline + rng.uniform(4, 26)
        dip = rng.uniform(-10, 10)
        canvas.polygon([(-60, edge + 14), (-rx * 0.6, edge), (0, edge + dip), (rx * 0.6, edge),
                        (60, edge + 14), (60, 60), (-60, 60)], shirt)  # fmt: skip
        canvas.line([(-rx * 0.6, edge), (0, edge + dip), (rx * 0.6, edge)],
                    rng.uniform(1, 6), collar)  # fmt: skip
    if chance(rng, 0.15):  # a pony tail
        canvas.ellipse(rng.normal(0, 3), y + ry, rng.uniform(4, 9), rng.uniform(12, 30), tone)
    stretch = (rng.uniform(0.05, 0.5), rng.uniform(1, 3))
    field = noise_field(rng, canvas.side_px, rng.uniform(0.5, 1.6), stretch)
    rows, columns = np.mgrid[: canvas.side_px, : canvas.side_px] / 2 - canvas.side_px / 4
    inside = np.hypot(columns / rx, (rows - y) / ry) < 1
    canvas.texture(np.asarray(field * inside, dtype=np.float32), rng.uniform(3, 25))
    return canvas


def field(rng: _Rng) -> Canvas:
    """Draw cloth, foliage, water: noise of any scale, some of it mirrored."""
    canvas = Canvas(int(rng.integers(40, 216)))
    stretch = tuple(np.exp(rng.uniform(-1, 1, size=2)))
    texture = noise_field(rng, canvas.side_px, rng.uniform(0.3, 2.6), (stretch[0], stretch[1]))
    if chance(rng, 0.15):
        texture = (texture + texture[:, ::-1]) / np.float32(math.sqrt(2))
    if chance(rng, 0.2):  # blots
        texture = np.sign(texture + rng.uniform(-1, 1)).astype(np.float32)
    canvas.texture(texture, rng.uniform(10, 60))
    return canvas


def blots(rng: _Rng) -> Canvas:
    """Draw two to nine blurred blots, some in rows as the holes of a blurred button are."""
    ground = int(rng.integers(0, 256))
    canvas = Canvas(ground)
    rows, columns = int(rng.integers(1, 4)), int(rng.integers(2, 4))
    if chance(rng, 0.5):
        rows, columns = 2, 2
    step_x, step_y = rng.uniform(16, 38), rng.uniform(12, 42)
    disorder, size = rng.uniform(0, 6), rng.uniform(4, 12)
    level = int(np.clip(ground + rng.choice([-1, -1, 1]) * rng.uniform(30, 150), 0, 255))
    left, top = (columns - 1) / 2 + rng.normal(0, 0.2), (rows - 1) / 2 + rng.normal(0, 0.2)
    for row in range(rows):
        for column in range(columns):
            x = (column - left) * step_x + rng.normal(0, disorder)
            y = (row - top) * step_y + rng.normal(0, disorder)
            rx, ry = size * rng.uniform(0.6, 1.4, size=2)
            canvas.ellipse(x, y, rx, ry, int(np.clip(level + rng.normal(0, 15), 0, 255)))
    if chance(rng, 0.4):
        u, v = rng.uniform(-30, 30, size=2)
        canvas.ellipse(u, v, rng.uniform(2, 10), rng.uniform(2, 10), int(rng.integers(0, 256)))
    canvas.blur(rng.uniform(0, 6))
    canvas.texture(noise_field(rng, canvas.side_px, rng.uniform(0.5, 2)), rng.uniform(1, 25))
    return canvas


def plain(rng: _Rng) -> Canvas:
    """Draw a wall or a table with at most an edge or a shadow."""
    canvas = Canvas(int(rng.integers(0, 256)))
    if chance(rng, 0.7):
        angle, away = rng.uniform(0, 2 * math.pi), rng.uniform(-30, 30)
        x, y = math.cos(angle), math.sin(angle)
        near, far = (-80 * y + away * x, 80 * x + away * y), (80 * y + away * x, -80 * x + away * y)
        tone = int(rng.integers(0, 256))
        if chance(rng, 0.5):
            canvas.line([near, far], rng.uniform(1, 8), tone)
        else:
            canvas.polygon([near, far, (far[0] + 90 * x, far[1] + 90 * y),
                            (near[0] + 90 * x, near[1] + 90 * y)], tone)  # fmt: skip
    canvas.texture(noise_field(rng, canvas.side_px, rng.uniform(0, 2)), rng.uniform(0.5, 4))
    return canvas


TEXTURES = {"hair": hair, "back of head": back_of_head, "noise": field, "blots": blots,
            "plain": plain}  # fmt: skip
"""Each kind of texture and the function that draws one on a `Canvas`."""
