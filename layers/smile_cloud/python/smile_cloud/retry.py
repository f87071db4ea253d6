"""Repeat a write that lost against another invocation, or that a busy table throttled."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Final

MAX_ATTEMPTS: Final = 8
# All pauses together last 1.3 to 2.5 s, well below the shortest timeout of a function, 10 s.
_FIRST_PAUSE_S: Final = 0.02


def attempts(sleep: Callable[[float], None] = time.sleep) -> Iterator[int]:
    """Yield the numbers of at most 8 attempts; sleep before each one but the first.

    The pauses follow exponential backoff with jitter: each is twice as long as the one before,
    times a random factor from 0.5 to 1, so that competing invocations spread out and a throttled
    table recovers.
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    Parameters
    ----------
    sleep : callable
        Pauses for the given seconds.
    """
    for attempt in range(MAX_ATTEMPTS):
        if attempt:
            sleep(_FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.5, 1))  # noqa: S311
        yield attempt
