"""Cover a large image with overlapping squares, coarse to fine."""

from __future__ import annotations

import math
from collections.abc import Iterator

__all__ = ["pyramid"]

Tile = tuple[int, int, int, int]

_FINER = 0.4
"""Side of a level's tiles, relative to those of the level before."""
_LEVELS = 2
"""Two reach faces of 1 % of the longer side; a third would cost six times as much."""
_OVERLAP = 0.25
"""Part of its side that a tile shares with the next: a face that the coarser level is too
coarse for lies whole in one of them."""


def pyramid(width: int, height: int, smallest_px: int) -> Iterator[Tile]:
    """List the squares to look at for small faces.

    The image as a whole is left to the caller. Each of two levels has tiles of 0.4 times the
    side of those of the level before, as long as that is at least ``smallest_px``.

    Parameters
    ----------
    width, height
        Of the image, px.
    smallest_px
        Side below which a tile shows nothing new to the detector.

    Yields
    ------
    tuple of int
        left, top, right, bottom in px, within the image.
    """
    side = max(width, height)
    for _ in range(_LEVELS):
        side = round(side * _FINER)
        if side < smallest_px:
            return
        for top in _starts(height, side):
            for left in _starts(width, side):
                yield left, top, min(left + side, width), min(top + side, height)


def _starts(length: int, side: int) -> list[int]:
    """Spread tiles evenly, as few as overlap enough."""
    if length <= side:
        return [0]
    steps = math.ceil((length - side) / (side * (1 - _OVERLAP)))
    return [round(i * (length - side) / steps) for i in range(steps + 1)]
