"""Clocks for tests: they stand still unless the code under test sleeps or a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from edge_lambda.version import RELEASED

BOOT = datetime(1972, 1, 1, tzinfo=UTC)
TODAY = RELEASED + timedelta(days=30)


class FakeClock:
    """Stands in for the module ``time``."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        """Return the time in seconds."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Advance the clock."""
        self.now_s += seconds


class SystemClock:
    """Stands for the time module: a clock that can be set, and one that only goes forward."""

    def __init__(self) -> None:
        self.now = BOOT
        self.monotonic_s = 5.0
        self.state = "unsynchronized"

    def time(self) -> float:
        return self.now.timestamp()

    def monotonic(self) -> float:
        return self.monotonic_s

    def clock_state(self) -> str:
        return self.state

    def wait(self, seconds: float) -> None:
        self.monotonic_s += seconds
        self.now += timedelta(seconds=seconds)
