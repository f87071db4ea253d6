"""Detect scene cuts: no face continues from one scene to the next."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_ROWS, _COLUMNS = 27, 48
# Measured on photos joined by cuts, with a hand-held pan, turn and zoom over each: frames of the
# same photo correlate above 0.68 even 320 ms apart, frames of two photos below 0.55.
_MAX_CORRELATION = 0.6
_MIN_DIFFERENCE = 20.0  # mean over the pixels, in grey levels: noise in a dark scene stays below
_MIN_CONTRAST = 6.0  # grey levels: black and washed-out frames are skipped


class SceneCutDetector:
    """Compare a thumbnail of each frame with that of the last frame that had contrast."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None

    def is_cut(self, grey: NDArray[np.uint8]) -> bool:
        """Return whether this frame shows another scene than the one before.

        Parameters
        ----------
        grey : ndarray
            uint8 (H, W).
        """
        thumbnail = _thumbnail(grey)
        if thumbnail.std() < _MIN_CONTRAST:
            return False
        last, self._last = self._last, thumbnail
        if last is None or np.abs(thumbnail - last).mean() < _MIN_DIFFERENCE:
            return False
        correlation = np.corrcoef(thumbnail.ravel(), last.ravel())[0, 1]
        return bool(correlation < _MAX_CORRELATION)


def _thumbnail(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Sample a grid of pixels, which is far cheaper than scaling; float32 (27, 48)."""
    height, width = grey.shape
    rows, columns = _grid(height, width)
    return np.asarray(grey[rows, columns], dtype=np.float32)


@lru_cache(maxsize=8)
def _grid(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows = (np.arange(_ROWS) * height + height // 2) // _ROWS
    columns = (np.arange(_COLUMNS) * width + width // 2) // _COLUMNS
    return rows[:, np.newaxis], columns
