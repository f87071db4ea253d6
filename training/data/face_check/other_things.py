"""Drawn letters, patterns, shapes and objects."""

from __future__ import annotations

import math

import numpy as np

from training.data.face_check.canvas import Canvas
from training.data.face_check.choices import chance, tone, tones, word

__all__ = ["OTHER_THINGS"]

_Rng = np.random.Generator


def letters(rng: _Rng) -> Canvas:
    """Draw one to four large letters or digits."""
    paper, ink = tones(rng, 2)
    canvas = Canvas(paper)
    count = int(rng.integers(1, 5))
    canvas.text(rng.normal(0, 5), rng.normal(0, 5), word(rng, count),
                rng.uniform(40, 130) / count**0.7, ink, stroke=rng.uniform(0, 3))  # fmt: skip
    return canvas.grained(rng)


def lines_of_text(rng: _Rng) -> Canvas:
    """Draw a sign or a page: several lines of text."""
    paper, ink = tones(rng, 2)
    canvas = Canvas(paper)
    size = rng.uniform(6, 26)
    for y in np.arange(-50, 50, size * rng.uniform(1.0, 1.8)):
        text = " ".join(word(rng, int(rng.integers(1, 9))) for _ in range(4))
        canvas.text(rng.normal(0, 6), float(y), text, size, ink, stroke=rng.uniform(0, 1.2))
    return canvas.grained(rng)


def dots(rng: _Rng) -> Canvas:
    """Draw a regular pattern of dots or holes: a dice, a speaker, a perforated plate."""
    wall, dot = tones(rng, 2)
    canvas = Canvas(wall)
    step, ratio = rng.uniform(8, 36), rng.uniform(0.2, 0.45)
    x0, y0 = rng.uniform(-step, step, size=2)
    rows, columns = int(rng.integers(1, 8)), int(rng.integers(2, 8))
    for row in range(rows):
        for column in range(columns):
            x, y = x0 + (column - columns / 2) * step, y0 + (row - rows / 2) * step
            canvas.ellipse(x, y, step * ratio, step * ratio, dot)
    return canvas.grained(rng)


def grid(rng: _Rng) -> Canvas:
    """Draw stripes, bricks, shelves or windows."""
    wall, pane = tones(rng, 2)
    canvas = Canvas(wall)
    step_x, step_y = rng.uniform(6, 40), rng.uniform(6, 40)
    gap = rng.uniform(0.15, 0.45)
    is_striped, is_offset = chance(rng, 0.3), chance(rng, 0.4)
    for row, y in enumerate(np.arange(-60, 60, step_y)):
        if is_striped:
            canvas.rectangle(0, float(y), 60, step_y * gap, pane)
            continue
        for x in np.arange(-60, 60, step_x) + (step_x / 2 if is_offset and row % 2 else 0):
            level = int(np.clip(pane + rng.normal(0, 12), 0, 255))
            canvas.rectangle(float(x), float(y), step_x * gap, step_y * gap, level)
    return canvas.grained(rng)


def shapes(rng: _Rng) -> Canvas:
    """Draw a few random shapes, as in the corner of a room, a table or a pile of clothes."""
    canvas = Canvas(tone(rng))
    for _ in range(int(rng.integers(1, 9))):
        x, y = rng.uniform(-45, 45, size=2)
        kind, level = rng.integers(4), tone(rng)
        rx, ry = np.exp(rng.uniform(math.log(3), math.log(50), size=2))
        if kind == 0:
            canvas.ellipse(x, y, rx, ry, level)
        elif kind == 1:
            canvas.rectangle(x, y, rx, ry, level)
        elif kind == 2:  # noqa: PLR2004
            corners = rng.uniform(-70, 70, size=(int(rng.integers(3, 6)), 2))
            canvas.polygon([(float(u), float(v)) for u, v in corners], level)
        else:
            ends = [(float(u), float(v)) for u, v in rng.uniform(-70, 70, size=(2, 2))]
            canvas.line(ends, rng.uniform(1, 9), level)
    return canvas.grained(rng)


def car(rng: _Rng) -> Canvas:
    """Draw the front of a car: windscreen, two lamps and a grille, from near or far."""
    street, body, glass, lamp = tones(rng, 4)
    canvas = Canvas(street)
    w = rng.uniform(26, 46)
    canvas.rectangle(0, 14, w, rng.uniform(14, 22), body)
    roof = w * rng.uniform(0.5, 0.8)
    canvas.polygon([(-w, 2), (w, 2), (roof, -26), (-roof, -26)], body)
    canvas.polygon([(-w * 0.8, -3), (w * 0.8, -3), (roof * 0.85, -22), (-roof * 0.85, -22)], glass)
    y, rx, ry = rng.uniform(6, 14), rng.uniform(3, 9), rng.uniform(3, 7)
    for side in (-1, 1):
        canvas.ellipse(side * w * 0.72, y, rx, ry, lamp)
        canvas.rectangle(side * w * 0.75, 36, 6, 8, 15)
    grille = int(np.clip(body - 70, 0, 255))
    for row in range(int(rng.integers(1, 5))):
        canvas.rectangle(0, y + 3 * row, w * rng.uniform(0.25, 0.5), 0.9, grille)
    canvas.rectangle(0, 26, rng.uniform(8, 14), 2.5, tone(rng))
    return canvas.grained(rng)


def bottle(rng: _Rng) -> Canvas:
    """Draw a bottle, a can or a cup: a body that is darker at its sides, with a label."""
    wall, body, label = tones(rng, 3)
    canvas = Canvas(wall)
    rx, top = rng.uniform(12, 40), rng.uniform(-50, 0)
    for x in np.arange(-rx, rx, 1):
        shine = 60 * math.exp(-(((x / rx - rng.uniform(-0.5, -0.4)) / 0.2) ** 2))
        shade = int(np.clip(body * math.sqrt(max(1 - (x / rx) ** 2, 0.05)) + shine, 0, 255))
        canvas.rectangle(float(x), top + 60, 1, 60, shade)
    neck = rx * rng.uniform(0.2, 0.9)
    canvas.rectangle(0, top - 20, neck, 24, body)
    canvas.rectangle(0, top + rng.uniform(15, 50), rx, rng.uniform(8, 22), label)
    canvas.text(0, top + 30, word(rng, int(rng.integers(1, 8))), rng.uniform(6, 20), wall)
    return canvas.grained(rng)


OTHER_THINGS = {
    "letters": letters, "text": lines_of_text, "dots": dots, "grid": grid, "shapes": shapes,
    "car": car, "bottle": bottle,
}  # fmt: skip
"""Each kind and the function that draws one."""
