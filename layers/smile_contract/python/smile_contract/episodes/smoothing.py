"""Exponential smoothing with a time constant, so the frame rate does not matter."""

from __future__ import annotations

import math


class ExponentialSmoother:
    """First-order low-pass filter for samples at increasing, uneven times.

    Parameters
    ----------
    time_constant_ms : float
        The value follows 63 % of a step within this time; 0 turns smoothing off.
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
        """Add a sample and return the smoothed value."""
        if self._value is None or self._time_constant_ms <= 0:
            self._value = sample
        else:
            gain = -math.expm1(-(at_ms - self._at_ms) / self._time_constant_ms)
            self._value += gain * (sample - self._value)
        self._at_ms = at_ms
        return self._value
