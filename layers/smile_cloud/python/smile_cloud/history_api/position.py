"""Places in the order of events: by event id, and by device where devices share an id."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from smile_cloud.history_api.query import HistoryQuery
from smile_contract import uuid7_lower_bound

_LOWEST: Final = uuid.UUID(int=0)
_HIGHEST: Final = uuid.UUID(int=(1 << 128) - 1)
_LAST_DEVICE: Final = "~"  # sorts after every character of a device id

SortKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list: what comes before it has been read.

    Attributes
    ----------
    event_id : uuid.UUID
    device_id : str or None
        The event of this device is the last one read; None when none with this id has been read.
    """

    event_id: uuid.UUID
    device_id: str | None = None

    @classmethod
    def after(cls, item: Mapping[str, Any]) -> Position:
        """Return the position after a stored event."""
        return cls(uuid.UUID(item["event_id"]), item["device_id"])

    @classmethod
    def from_text(cls, text: str) -> Position:
        """Return the position that :meth:`text` has written."""
        event_id, _, device_id = text.partition(" ")
        return cls(uuid.UUID(event_id), device_id or None)

    def text(self) -> str:
        """Return the position as a text for a cursor."""
        return f"{self.event_id} {self.device_id or ''}"

    def sort_key(self, *, oldest_first: bool) -> SortKey:
        """Return the key that sorts it among events; one of None sorts before its events."""
        before = "" if oldest_first else _LAST_DEVICE
        return str(self.event_id), self.device_id or before


def event_sort_key(item: Mapping[str, Any]) -> SortKey:
    """Return the key that sorts stored events from the oldest to the newest."""
    return item["event_id"], item["device_id"]


@dataclass(frozen=True, slots=True)
class IdRange:
    """Event ids from `low` to `high`, both included; empty when `low` is the higher one."""

    low: uuid.UUID
    high: uuid.UUID

    @classmethod
    def of(cls, query: HistoryQuery, after: Position | None) -> IdRange:
        """Return the ids of `query` that are not before the position `after`."""
        low = _LOWEST if query.start is None else lowest_id(query.start)
        high = _HIGHEST if query.end is None else _before(lowest_id(query.end))
        if after is not None and query.oldest_first:
            low = max(low, after.event_id)
        elif after is not None:
            high = min(high, after.event_id)
        return cls(low, high)


def lowest_id(at: datetime) -> uuid.UUID:
    """Return the lowest UUID of a millisecond.

    It has no version bits, unlike the lowest UUIDv7, so the UUID before it belongs to the
    millisecond before.
    """
    lowest = uuid.UUID(uuid7_lower_bound(at))
    return uuid.UUID(int=lowest.int >> 80 << 80)


def _before(event_id: uuid.UUID) -> uuid.UUID:
    return uuid.UUID(int=max(event_id.int - 1, 0))
