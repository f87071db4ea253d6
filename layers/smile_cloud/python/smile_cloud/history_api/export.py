"""A part of an export: as many events as fit into one answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from smile_cloud.history_api.event_lines import EventLines
from smile_cloud.history_api.event_reads import EventReads
from smile_cloud.history_api.event_view import event_view

# A Lambda response has at most 6 MB, in JSON. The body is a JSON text there, or in Base64, which
# adds a third: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BYTES: Final = 4_500_000
# The last query has begun when less time remains. It usually takes a few milliseconds; the clients
# of AWS repeat one that fails for about this long.
RESERVED_MS: Final = 4_000
# Events that a round of queries should find: about half a megabyte.
AT_ONCE: Final = 500


class ExportPart:
    """Collects events as lines until the answer is full.

    Parameters
    ----------
    lines : EventLines
    limit : int or None
        Largest number of events; None is as many as fit.
    has_head : bool
        Whether the part starts with the header.
    """

    def __init__(self, lines: EventLines, limit: int | None, *, has_head: bool) -> None:
        self._lines = lines
        self._limit = limit
        self._texts = [lines.head()] if has_head else []
        self._bytes = sum(map(_size, self._texts))
        self._events = 0

    @property
    def is_full(self) -> bool:
        """Whether it takes no further event."""
        return self._events == self._limit

    @property
    def body(self) -> str:
        """The lines."""
        return "".join(self._texts)

    def add(self, item: dict[str, Any]) -> bool:
        """Take an event; return False if it does not fit."""
        text = self._lines.line(event_view(item))
        size = _size(text)
        if self.is_full or self._bytes + size > MAX_BYTES:
            return False
        self._texts.append(text)
        self._bytes += size
        self._events += 1
        return True


def is_late(remaining_ms: Callable[[], int]) -> Callable[[EventReads], bool]:
    """Return a function that says whether a part has to end for want of time."""
    return lambda _reads: remaining_ms() < RESERVED_MS


def _size(text: str) -> int:
    return len(json.dumps(text))
