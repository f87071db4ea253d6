"""A picture with transparent surroundings that can be placed anywhere in a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

LEVELS = 4  # each is half as large as the one before, so that small copies are not aliased


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sprite is in the frame.

    Attributes
    ----------
    x, y : float
        Middle of its box, px.
    width : float
        Of its box, px. For a person, that of the face.
    roll_deg : float
        Clockwise.
    """

    x: float
    y: float
    width: float
    roll_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Sprite:
    """A picture and the square in it that counts as its box.

    Attributes
    ----------
    picture : Image
        RGBA.
    corner : tuple of float
        Upper left corner of the box in the picture, px.
    side : float
        Of the box, px.
    """

    picture: Image.Image
    corner: tuple[float, float]
    side: float

    def moved(
        self, place: Place, size: tuple[int, int]
    ) -> tuple[Image.Image, tuple[int, int]] | None:
        """Return the part that is inside a frame of `size`, and its upper left corner.

        The position is exact to a fraction of a pixel. Returns None outside the frame.
        """
        scale = place.width / self.side
        roll = np.deg2rad(place.roll_deg)
        cos, sin = float(np.cos(roll)), float(np.sin(roll))
        middle = self.corner[0] + self.side / 2, self.corner[1] + self.side / 2
        width, height = self.picture.size
        corners = [
            (
                place.x + scale * (cos * (x - middle[0]) - sin * (y - middle[1])),
                place.y + scale * (sin * (x - middle[0]) + cos * (y - middle[1])),
            )
            for x, y in ((0, 0), (width, 0), (0, height), (width, height))
        ]
        left, top = (max(int(min(values)) - 1, 0) for values in zip(*corners, strict=True))
        right, bottom = (
            min(int(max(values)) + 2, limit)
            for values, limit in zip(zip(*corners, strict=True), size, strict=True)
        )
        if left >= right or top >= bottom:
            return None
        cos, sin = cos / scale, sin / scale
        dx, dy = left - place.x, top - place.y
        to_picture = (
            cos, sin, middle[0] + cos * dx + sin * dy,
            -sin, cos, middle[1] - sin * dx + cos * dy,
        )  # fmt: skip
        part = self.picture.transform(
            (right - left, bottom - top),
            Image.Transform.AFFINE,
            to_picture,
            Image.Resampling.BILINEAR,
        )
        return part, (left, top)


def level_for(scale: float) -> int:
    """Return the level of the smallest picture that need not be enlarged.

    `scale` is the width in the frame divided by the width in the picture at level 0.
    """
    level = 0
    while level < LEVELS - 1 and scale * 2 ** (level + 1) <= 1:
        level += 1
    return level
