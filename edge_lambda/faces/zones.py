"""Where faces count: in one of the include zones, and in none of the ignore zones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_lambda.faces.motion import COLUMNS, ROWS, Cells
from edge_lambda.polygon import Polygon, contains, side_touches
from smile_vision.faces.boxes import Box

_WIDE, _HIGH = 480, 270
_SLACK = 0.1  # of the face: two looks at a still face differ less


@dataclass(frozen=True, slots=True)
class Zones:
    """Polygons relative to the upright frame, 0 to 1.

    Attributes
    ----------
    include : tuple of Polygon
        Empty: the whole frame.
    ignore : tuple of Polygon
    """

    include: tuple[Polygon, ...] = ()
    ignore: tuple[Polygon, ...] = ()

    def __bool__(self) -> bool:
        """Return whether any part of the frame is excluded."""
        return bool(self.include or self.ignore)

    def count(self, box: Box) -> bool:
        """Return whether the centre of a face's box is where faces count."""
        return self._counts_near(box, 0.0)

    def keep(self, box: Box) -> bool:
        """Return whether a followed face still counts. It may sway over the border a little."""
        return self._counts_near(box, _SLACK)

    def _counts_near(self, box: Box, slack: float) -> bool:
        """Look around the centre of a box, in parts of its size; a lookup takes microseconds."""
        x, y, width, height = box
        columns = (_clip(x + (0.5 + side * slack) * width, _WIDE) for side in (-1, 1))
        rows = (_clip(y + (0.5 + side * slack) * height, _HIGH) for side in (-1, 1))
        (left, right), (top, bottom) = columns, rows
        return bool(_places(self)[top : bottom + 1, left : right + 1].any())

    def counts_at(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.bool_]:
        """Return at which points the centre of a face counts; x and y have one shape."""
        counts = np.full(np.shape(x), not self.include, dtype=np.bool_)
        for polygon in self.include:
            counts |= contains(polygon, x, y)
        for polygon in self.ignore:
            counts &= ~contains(polygon, x, y)
        return counts

    def overlap(
        self, left: ArrayLike, top: ArrayLike, right: ArrayLike, bottom: ArrayLike
    ) -> NDArray[np.bool_]:
        """Return in which rectangles, of one shape, a face could count.

        False is certain. True may be wrong where several zones together exclude a rectangle.
        """
        rectangle = left, top, right, bottom
        middle = np.add(left, right) / 2, np.add(top, bottom) / 2
        counts = np.full(np.shape(left), not self.include, dtype=np.bool_)
        for polygon in self.include:
            counts |= side_touches(polygon, *rectangle) | contains(polygon, *middle)
        for polygon in self.ignore:
            counts &= side_touches(polygon, *rectangle) | ~contains(polygon, *middle)
        return counts

    def exclude_everything(self) -> bool:
        """Return whether no face counts, wherever it is."""
        return not _places(self).any()

    def cells(self) -> Cells:
        """Return the cells of the motion map in which a face could count, (ROWS, COLUMNS)."""
        return _cells(self)


def _clip(at: float, count: int) -> int:
    return min(max(int(at * count), 0), count - 1)


@lru_cache(maxsize=4)
def _places(zones: Zones) -> NDArray[np.bool_]:
    """Return a grid of points at which faces count, finer than the smallest face by far."""
    y, x = np.meshgrid(np.arange(_HIGH), np.arange(_WIDE), indexing="ij")
    return zones.counts_at((x + 0.5) / _WIDE, (y + 0.5) / _HIGH)


@lru_cache(maxsize=4)
def _cells(zones: Zones) -> Cells:
    rows, columns = np.meshgrid(np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
    left, top = columns / COLUMNS, rows / ROWS
    return zones.overlap(left, top, left + 1 / COLUMNS, top + 1 / ROWS)


EVERYWHERE = Zones()
