"""Which parts of a frame have changed, despite noise and slowly changing light."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smile_vision.faces.boxes import Box

ROWS, COLUMNS = 54, 96
_MEAN_GAIN = 0.2  # per frame: a cell's usual grey level follows slow light within a second
_DEVIATION_GAIN = 0.05  # per frame: its noise is known after a second
_FIRST_DEVIATION = 4.0  # grey levels
_MIN_CHANGE = 12.0  # grey levels: the noise of a good camera stays below
_NOISE_FACTOR = 4.0  # of the cell's own mean deviation
_MAX_DEVIATION = 20.0  # grey levels: motion is not noise, so it counts no more than this

Cells = NDArray[np.bool_]


class MotionMap:
    """Compares each frame with its own recent past, cell by cell.

    Attributes
    ----------
    change : float
        Mean difference from the last frame, grey levels.
    """

    def __init__(self) -> None:
        self.change = 0.0
        self._last: NDArray[np.float32] | None = None
        self._mean: NDArray[np.float32] | None = None
        self._deviation = np.zeros((ROWS, COLUMNS), dtype=np.float32)

    def update(self, grey: NDArray[np.uint8]) -> Cells:
        """Take a frame in.

        Parameters
        ----------
        grey : ndarray
            uint8 (H, W).

        Returns
        -------
        ndarray
            bool (ROWS, COLUMNS), True where something moved; all True for the first frame.
        """
        sample = _sample(grey)
        last, self._last = self._last, sample
        self.change = 0.0 if last is None else float(np.abs(sample - last).mean())
        if self._mean is None:
            self._mean = sample.copy()
            self._deviation.fill(_FIRST_DEVIATION)
            return np.ones((ROWS, COLUMNS), dtype=np.bool_)
        change = np.abs(sample - self._mean)
        moved = change > np.maximum(_MIN_CHANGE, _NOISE_FACTOR * self._deviation)
        self._mean += _MEAN_GAIN * (sample - self._mean)
        self._deviation += _DEVIATION_GAIN * (np.minimum(change, _MAX_DEVIATION) - self._deviation)
        return np.asarray(moved & _has_neighbour(moved), dtype=np.bool_)

    def reset(self) -> None:
        """Forget the past, after a scene cut."""
        self._last = self._mean = None


def cells_of(box: Box) -> tuple[slice, slice]:
    """Return the cells that a box, relative to the frame, touches."""
    x, y, width, height = box
    rows = slice(max(int(y * ROWS), 0), max(math.ceil((y + height) * ROWS), 0))
    columns = slice(max(int(x * COLUMNS), 0), max(math.ceil((x + width) * COLUMNS), 0))
    return rows, columns


def _has_neighbour(moved: Cells) -> Cells:
    """Return which cells have a moved cell beside, above or below: a single one is noise."""
    near = np.zeros_like(moved)
    near[1:] |= moved[:-1]
    near[:-1] |= moved[1:]
    near[:, 1:] |= moved[:, :-1]
    near[:, :-1] |= moved[:, 1:]
    return near


def _sample(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pick points on a grid, float32 (ROWS, COLUMNS): far cheaper than scaling."""
    rows, columns = _grid(*grey.shape)
    return np.asarray(grey[rows, columns], dtype=np.float32)


@lru_cache(maxsize=8)
def _grid(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows = (np.arange(ROWS) * height + height // 2) // ROWS
    columns = (np.arange(COLUMNS) * width + width // 2) // COLUMNS
    return rows[:, np.newaxis], columns
