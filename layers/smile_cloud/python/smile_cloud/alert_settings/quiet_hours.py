"""Quiet hours: a part of the day without alerts, in local time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` until just before `end`, each day; over midnight when `end` is earlier.

    Attributes
    ----------
    start, end : time
        Local times in whole minutes; they differ.
    """

    start: time
    end: time

    def contain(self, at: time) -> bool:
        """Return whether the local time `at` is quiet."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end
