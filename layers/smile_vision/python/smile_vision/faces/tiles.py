"""Cover a large image with overlapping squares, from coarse to fine."""

from __future__ import annotations

import math
from collections.abc import Iterator

__all__ = ["pyramid"]

Tile = tuple[int, int, int, int]

_FINER = 0.4
"""Side of a level's tiles, relative to that of the level before."""
_LEVELS = 2
"""Two levels find faces of 1 % of the longer side. A third would take six times as long."""
_OVERLAP = 0.25
"""Share of its side that a tile has in common with the next one: a face that is too small for the
coarser level lies completely in one of them."""


def pyramid(width: int, height: int, smallest_px: int) -> Iterator[Tile]:
    """Yield the squares in which to search for small faces, without the image as a whole.

    Parameters
    ----------
    width, height
        Of the image, px.
    smallest_px
        Smaller tiles would show the detector nothing new.

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
    """Return where tiles start, evenly spaced and as few as overlap enough."""
    if length <= side:
        return [0]
    steps = math.ceil((length - side) / (side * (1 - _OVERLAP)))
    return [round(i * (length - side) / steps) for i in range(steps + 1)]
