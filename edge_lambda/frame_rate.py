"""Frames per second."""

from __future__ import annotations

from collections import deque

_WINDOW_S = 2.0
_MIN_FRAMES = 2  # for a rate


class FrameRate:
    """The rate of the last two seconds, or of the last two frames if they are further apart."""

    def __init__(self) -> None:
        self._ticks: deque[float] = deque()

    def tick(self, now_s: float) -> None:
        """Count a frame at a time of the monotonic clock."""
        self._ticks.append(now_s)
        while len(self._ticks) > _MIN_FRAMES and now_s - self._ticks[0] > _WINDOW_S:
            self._ticks.popleft()

    @property
    def per_s(self) -> float | None:
        """Frames per second; None before the second frame."""
        if len(self._ticks) < _MIN_FRAMES:
            return None
        return (len(self._ticks) - 1) / max(self._ticks[-1] - self._ticks[0], 1e-6)
