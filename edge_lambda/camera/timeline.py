"""Increasing frame positions from the timestamps of a video."""

from __future__ import annotations

_USUAL_STEP_MS = 40.0
_MAX_STEP_BACK_MS = 500.0


class Timeline:
    """Turns timestamps into positions that increase from frame to frame.

    A missing timestamp counts as one usual step. A small step back (frames in decoding order,
    rounding) becomes a minimal step forward. A large step back means that the clock restarted,
    as in joined recordings: the frame comes one usual step after the previous one.

    Parameters
    ----------
    step_ms : float or None
        Usual time between frames, if known.
    """

    def __init__(self, step_ms: float | None = None) -> None:
        self._step_ms = step_ms or _USUAL_STEP_MS
        self._offset_ms: float | None = None
        self._last_ms: float | None = None

    def position_ms(self, timestamp_ms: float | None) -> float:
        """Return the position in ms of the frame with this timestamp; 0 for the first."""
        expected = 0.0 if self._last_ms is None else self._last_ms + self._step_ms
        if timestamp_ms is None:
            position = expected
        else:
            if self._offset_ms is None:
                self._offset_ms = expected - timestamp_ms
            position = timestamp_ms + self._offset_ms
            if self._last_ms is not None and position <= self._last_ms:
                if position < self._last_ms - _MAX_STEP_BACK_MS:
                    self._offset_ms = expected - timestamp_ms
                    position = expected
                else:
                    position = self._last_ms + min(self._step_ms, 1.0)
        self._last_ms = position
        return position
