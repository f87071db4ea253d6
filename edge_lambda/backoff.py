"""How long to wait before the next try."""

from __future__ import annotations

import random


class Backoff:
    """Waits that double up to a limit, each drawn at random from its lower half up.

    The randomness keeps a thousand devices from coming back in the same second (AWS
    Architecture Blog, "Exponential Backoff And Jitter").

    Parameters
    ----------
    first_s, most_s : float
    """

    def __init__(self, first_s: float = 0.5, most_s: float = 60.0) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    def next_s(self) -> float:
        """Return the next wait in seconds."""
        wait_s = self._next_s
        self._next_s = min(self._next_s * 2, self._most_s)
        return random.uniform(wait_s / 2, wait_s)  # noqa: S311 - no secret

    def reset(self) -> None:
        """Start over, for a try has succeeded."""
        self._next_s = self._first_s
