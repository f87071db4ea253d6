"""Exponential backoff with jitter."""

from __future__ import annotations

import random


class Backoff:
    """Waits that double up to a limit; each is random, from half of that to all of it.

    The jitter keeps a thousand devices from reconnecting in the same second (AWS Architecture
    Blog, "Exponential Backoff And Jitter").

    Parameters
    ----------
    first_s, max_s : float
        The first and the longest wait in seconds, before the jitter.
    """

    def __init__(self, first_s: float = 0.5, max_s: float = 60.0) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._next_s = first_s

    def next_s(self) -> float:
        """Return the next wait in seconds."""
        wait_s = self._next_s
        self._next_s = min(self._next_s * 2, self._max_s)
        return random.uniform(wait_s / 2, wait_s)  # noqa: S311 - not for security

    def reset(self) -> None:
        """Start over after a success."""
        self._next_s = self._first_s
