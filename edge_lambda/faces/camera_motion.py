"""How far the picture has moved as a whole since the last frame: the camera shakes or turns.

Mean grey levels of the columns and of the rows give one profile each, and the shift that matches
the profiles of two frames best is the camera's (integral projections; Ratakonda, "Real-time digital
video stabilization for multi-media applications", ISCAS 1998).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

# Pixels left out: few along the profile, for an exact shift, and many across it.
_ALONG, _ACROSS = 2, 16
_MAX_SHIFT = 0.06  # of the frame's width or height; a faster turn blurs all faces
# The matching profiles must differ by less than this share of what unshifted ones differ by.
# Somebody who walks by near the camera does not reach it.
_MAX_REST = 0.5
# Grey levels, mean over the frame: from here on the camera may have moved. People who move in front
# of a camera that stands still change less.
_MIN_CHANGE = 2.0
_STILL_MS = 120.0  # a camera that stood still is compared again after this time

Profile = NDArray[np.float32]


class CameraMotion:
    """Compares each frame with the one before, if the camera may have moved.

    A comparison takes 0.3 ms at 720p.
    """

    def __init__(self) -> None:
        self._next_ms = -math.inf
        self._last: NDArray[np.uint8] | None = None
        self._last_profiles: tuple[Profile, Profile] | None = None

    def update(self, grey: NDArray[np.uint8], change: float, now_ms: float) -> tuple[float, float]:
        """Take the next frame.

        Parameters
        ----------
        grey : ndarray
            uint8 (H, W). It is kept until the next call, so it must not change.
        change : float
            Mean difference from the last frame, grey levels.
        now_ms : float
            Time of the frame.

        Returns
        -------
        tuple of float
            Shift of the picture to the right and down, relative to its size.
        """
        last, last_profiles = self._last, self._last_profiles
        self._last, self._last_profiles = grey, None
        if (
            last is None
            or last.shape != grey.shape
            or change < _MIN_CHANGE
            or now_ms < self._next_ms
        ):
            return 0.0, 0.0
        before = last_profiles or _profiles(last)
        self._last_profiles = now = _profiles(grey)
        shift = _shift(before[0], now[0]), _shift(before[1], now[1])
        if shift == (0.0, 0.0):
            self._next_ms = now_ms + _STILL_MS
        return shift

    def reset(self) -> None:
        """Forget the last frame, after a scene cut."""
        self._last = self._last_profiles = None
        self._next_ms = -math.inf


def _profiles(grey: NDArray[np.uint8]) -> tuple[Profile, Profile]:
    """Return the mean grey level of columns and of rows."""
    columns = grey[::_ACROSS, ::_ALONG].mean(axis=0, dtype=np.float32)
    rows = grey[::_ALONG, ::_ACROSS].mean(axis=1, dtype=np.float32)
    return columns, rows


def _shift(before: Profile, now: Profile) -> float:
    """Return the shift from one profile to the next, relative to their length."""
    length = len(now)
    most = int(length * _MAX_SHIFT)
    if most < 1:
        return 0.0
    middle = now[most : length - most]
    windows = np.lib.stride_tricks.sliding_window_view(before, len(middle))
    # A change of the light adds to all of a profile.
    light = windows.mean(axis=1, keepdims=True) - middle.mean()
    differences = np.abs(windows - light - middle).mean(axis=1)
    best = int(differences.argmin())
    if not differences[best] < _MAX_REST * differences[most]:
        return 0.0
    return (most - best - _vertex(differences, best)) / length


def _vertex(values: NDArray[np.float32], index: int) -> float:
    """Return where between its neighbours the minimum lies, -0.5 to 0.5 (a parabola)."""
    if not 0 < index < len(values) - 1:
        return 0.0
    left, middle, right = values[index - 1 : index + 2].tolist()
    bend = left - 2 * middle + right
    return 0.5 * (left - right) / bend if bend > 0 else 0.0
