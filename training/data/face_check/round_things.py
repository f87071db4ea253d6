"""Drawn round things that face detectors take for faces: buttons, badges, caps, sockets."""

from __future__ import annotations

import math

import numpy as np

from training.data.face_check.canvas import Canvas
from training.data.face_check.choices import chance, tone, tones, word

__all__ = ["ROUND_THINGS"]

_Rng = np.random.Generator


def _disc(canvas: Canvas, rng: _Rng, radius: float, level: int) -> None:
    """Draw a round body with a rim and a highlight."""
    canvas.ellipse(0, 0, radius, radius, level)
    for _ in range(int(rng.integers(0, 3))):
        width = rng.uniform(0.5, 4)
        rim = int(np.clip(level + rng.uniform(-90, 90), 0, 255))
        canvas.ring(0, 0, radius * rng.uniform(0.6, 1.0), width, rim)


def button(rng: _Rng) -> Canvas:
    """Draw a button with two, three or four holes, with or without thread."""
    wall, body, hole = tones(rng, 3)
    canvas = Canvas(wall)
    _disc(canvas, rng, rng.uniform(22, 70), body)
    count = int(rng.choice([2, 2, 3, 4, 4]))
    away, radius = rng.uniform(9, 24), rng.uniform(2, 7.5)
    start = {2: 0.0, 3: math.pi / 6, 4: math.pi / 4}[count] + rng.normal(0, 0.1)
    below = rng.uniform(-4, 18)
    holes = [
        (away * math.cos(start + 2 * math.pi * i / count),
         below + away * math.sin(start + 2 * math.pi * i / count))
        for i in range(count)
    ]  # fmt: skip
    if chance(rng, 0.4):  # thread
        thread = [holes[i] for i in ([0, 1] if count == 2 else [0, 2, 1, 3][:count])]  # noqa: PLR2004
        canvas.line(thread, rng.uniform(1, 4), int(rng.choice([hole, tone(rng)])))
    for x, y in holes:
        if chance(rng, 0.3):  # a bevelled edge
            canvas.ellipse(x, y, radius * 1.4, radius * 1.4, (hole + body) // 2)
        canvas.ellipse(x, y, radius, radius, hole)
    return canvas.grained(rng)


def badge(rng: _Rng) -> Canvas:
    """Draw a round badge with a word, a sign or a bar on it."""
    wall, body, ink = tones(rng, 3)
    canvas = Canvas(wall)
    _disc(canvas, rng, rng.uniform(24, 60), body)
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.normal(0, 4), rng.uniform(-18, 18)
        if chance(rng, 0.7):
            length = int(rng.integers(1, 8))
            canvas.text(x, y, word(rng, length), rng.uniform(8, 90 / (length + 1)), ink,
                        stroke=rng.uniform(0, 2))  # fmt: skip
        else:
            canvas.rectangle(x, y, rng.uniform(5, 25), rng.uniform(1, 5), ink)
    return canvas.grained(rng)


def cap(rng: _Rng) -> Canvas:
    """Draw a bottle cap with a ridged edge, from above or from the side."""
    wall, body, ink = tones(rng, 3)
    canvas = Canvas(wall)
    ridges = int(rng.integers(12, 60))
    if chance(rng, 0.5):  # from above
        radius, depth = rng.uniform(20, 50), rng.uniform(0.03, 0.15)
        angles = np.linspace(0, 2 * math.pi, ridges * 4, endpoint=False)
        edge = radius * (1 + depth * np.sign(np.sin(angles * ridges)))
        points = zip(edge * np.cos(angles), edge * np.sin(angles), strict=True)
        canvas.polygon([(float(x), float(y)) for x, y in points], body)
        inner = radius * rng.uniform(0.6, 0.95)
        canvas.ellipse(0, 0, inner, inner, int(np.clip(body + rng.uniform(-40, 40), 0, 255)))
        if chance(rng, 0.6):
            canvas.text(
                0, 0, word(rng, int(rng.integers(1, 5))), rng.uniform(12, 30), ink, stroke=1
            )
        return canvas.grained(rng)
    rx, ry = rng.uniform(18, 50), rng.uniform(12, 40)
    canvas.rectangle(0, 0, rx, ry, body)
    for x in np.linspace(-rx, rx, ridges):
        shade = int(np.clip(body * math.cos(x / rx), 0, 255))
        canvas.rectangle(float(x), 0, rx / ridges / 2, ry, shade)
    canvas.rectangle(0, ry * rng.uniform(-0.2, 1.2), rx, rng.uniform(0.5, 3), ink)
    return canvas.grained(rng)


def clock(rng: _Rng) -> Canvas:
    """Draw a round clock or a gauge."""
    wall, face, ink = tones(rng, 3)
    canvas = Canvas(wall)
    radius = rng.uniform(22, 50)
    _disc(canvas, rng, radius, face)
    has_numbers = chance(rng, 0.5)
    for hour in range(12):
        x, y = math.sin(hour * math.pi / 6), -math.cos(hour * math.pi / 6)
        if has_numbers:
            canvas.text(x * radius * 0.8, y * radius * 0.8, str(hour or 12), radius / 4, ink)
        else:
            near, far = radius * 0.8, radius * 0.93
            canvas.line([(x * near, y * near), (x * far, y * far)], rng.uniform(1, 3), ink)
    for length in (0.5, 0.75):
        angle = rng.uniform(0, 2 * math.pi)
        tip = (radius * length * math.sin(angle), radius * length * math.cos(angle))
        canvas.line([(0, 0), tip], rng.uniform(1, 4), ink)
    return canvas.grained(rng)


def socket(rng: _Rng) -> Canvas:
    """Draw a socket or a switch: a plate with two holes side by side."""
    wall, plate, hole = tones(rng, 3)
    canvas = Canvas(wall)
    canvas.rectangle(0, 0, rng.uniform(25, 60), rng.uniform(25, 60), plate)
    if chance(rng, 0.6):
        _disc(canvas, rng, rng.uniform(18, 32), int(np.clip(plate + rng.normal(0, 25), 0, 255)))
    away, rx, ry = rng.uniform(6, 18), rng.uniform(1.5, 5), rng.uniform(1.5, 7)
    draw = canvas.ellipse if chance(rng, 0.6) else canvas.rectangle
    y = rng.uniform(-18, 6)
    for x in (-away, away):
        draw(x, y, rx, ry, hole)
    return canvas.grained(rng)


ROUND_THINGS = {"button": button, "badge": badge, "cap": cap, "clock": clock, "socket": socket}
"""Each kind and the function that draws one."""
