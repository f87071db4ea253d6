"""How much processor time attention may use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SAVED_S = 1.0  # of video: the most that is saved, and the most that is owed


class CpuBudget:
    """A token bucket: video earns processor time, work spends it.

    Parameters
    ----------
    ms_per_s : float
        Milliseconds of work for each second of video.
    clock : callable
        Seconds. Wall time by default: on some machines the thread's own clock costs 0.2 ms a
        call. On a busy machine the work therefore counts for more, which is what you want there.
    """

    def __init__(self, ms_per_s: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self._ms_per_s = ms_per_s
        self._clock = clock
        self._left_ms = ms_per_s * _SAVED_S
        self._last_ms: float | None = None

    @property
    def is_spent(self) -> bool:
        """Whether work that can wait must wait."""
        return self._left_ms <= 0

    def advance(self, now_ms: float) -> None:
        """Add what the video earned since the last call."""
        if self._last_ms is not None:
            earned_ms = max(now_ms - self._last_ms, 0.0) / 1000 * self._ms_per_s
            self._left_ms = min(self._left_ms + earned_ms, self._ms_per_s * _SAVED_S)
        self._last_ms = now_ms

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Charge the time of a block."""
        begun_s = self._clock()
        try:
            yield
        finally:
            left_ms = self._left_ms - (self._clock() - begun_s) * 1000
            # Without a limit, one stall of the machine would take minutes to pay back.
            self._left_ms = max(left_ms, -self._ms_per_s * _SAVED_S)
