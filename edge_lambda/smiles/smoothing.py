"""Exponential smoothing whose strength is a time, not a number of frames."""

from __future__ import annotations

import math


class ExponentialSmoother:
    """First-order low-pass filter for samples at uneven times.

    Parameters
    ----------
    time_constant_ms : float
        A step is followed to 63 % after this time; 0 passes samples through.
    """

    def __init__(self, time_constant_ms: float) -> None:
        self._time_constant_ms = time_constant_ms
        self._value: float | None = None
        self._at_ms = 0.0

    @property
    def value(self) -> float | None:
        """The smoothed value; None before the first sample."""
        return self._value

    def update(self, at_ms: float, sample: float) -> float:
        """Take a sample in and return the smoothed value."""
        if self._value is None or self._time_constant_ms <= 0:
            self._value = sample
        else:
            elapsed_ms = max(at_ms - self._at_ms, 0.0)
            gain = -math.expm1(-elapsed_ms / self._time_constant_ms)
            self._value += gain * (sample - self._value)
        self._at_ms = at_ms
        return self._value
