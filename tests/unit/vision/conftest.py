"""Faces drawn by the test: nobody's likeness, and both networks take them for faces."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageFilter

Draw = Callable[..., Image.Image]

_WALL = (90, 110, 140)
_HAIR = (70, 45, 30)


def _face(side_px: int, *, smile: bool) -> Image.Image:
    k = side_px / 200
    image = Image.new("RGB", (side_px, side_px), _WALL)
    draw = ImageDraw.Draw(image)

    def ellipse(x: float, y: float, rx: float, ry: float, colour: tuple[int, int, int]) -> None:
        draw.ellipse([(x - rx) * k, (y - ry) * k, (x + rx) * k, (y + ry) * k], fill=colour)

    ellipse(100, 90, 66, 84, _HAIR)
    ellipse(100, 105, 56, 72, (224, 180, 150))
    for x in (76, 124):
        ellipse(x, 92, 13, 6, (250, 250, 250))
        ellipse(x, 92, 6, 6, (60, 40, 30))
        brow = [(x - 15) * k, 79 * k, (x + 15) * k, 76 * k]
        draw.line(brow, fill=_HAIR, width=max(round(4 * k), 1))
    nose = [100 * k, 95 * k, 96 * k, 120 * k, 104 * k, 121 * k]
    draw.line(nose, fill=(190, 140, 115), width=max(round(3 * k), 1))
    if smile:
        draw.chord([72 * k, 118 * k, 128 * k, 158 * k], 10, 170, fill=(150, 50, 50))
        draw.chord([76 * k, 124 * k, 124 * k, 148 * k], 12, 168, fill=(250, 250, 250))
    else:
        mouth = [84 * k, 143 * k, 116 * k, 143 * k]
        draw.line(mouth, fill=(150, 70, 70), width=max(round(6 * k), 1))
    return image.filter(ImageFilter.GaussianBlur(1.2 * k))


@pytest.fixture(scope="session")
def draw_photo() -> Draw:
    """Return ``draw(faces, size)``: a wall with faces (left, top, side in px, smile) on it."""

    def draw(
        faces: list[tuple[int, int, int, bool]], size: tuple[int, int] = (640, 480)
    ) -> Image.Image:
        photo = Image.new("RGB", size, _WALL)
        for left, top, side_px, smile in faces:
            photo.paste(_face(side_px, smile=smile), (left, top))
        return photo

    return draw
