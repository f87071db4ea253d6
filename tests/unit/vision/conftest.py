"""Faces drawn by the test: nobody's likeness, and both networks take them for faces."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image

from edge_lambda.synthetic_face import WALL, draw_face

Draw = Callable[..., Image.Image]


@pytest.fixture(scope="session")
def draw_photo() -> Draw:
    """Return ``draw(faces, size)``: a wall with faces (left, top, side in px, smile) on it."""

    def draw(
        faces: list[tuple[int, int, int, bool]], size: tuple[int, int] = (640, 480)
    ) -> Image.Image:
        photo = Image.new("RGB", size, WALL)
        for left, top, side_px, smile in faces:
            photo.paste(draw_face(side_px, smiles=smile), (left, top))
        return photo

    return draw
