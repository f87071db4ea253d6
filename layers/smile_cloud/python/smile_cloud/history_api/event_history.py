"""Read the events of one device or of all devices in order, without scanning the table.

Events are ordered by id, which starts with the time the smile started, and by device where devices
share an id. A page holds the events after a position. Events that arrive between two pages
therefore neither repeat nor hide others.

The number of queries and of examined items limits the work of a request. A page that reaches a
limit returns the position where the next page continues, even when the page is empty.
"""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.event_days import EventDays
from smile_cloud.history_api.event_reads import Checkpoint, EventReads, Item
from smile_cloud.history_api.position import Position, SortKey, event_sort_key, lowest_id
from smile_cloud.history_api.query import HistoryQuery
from smile_cloud.keys import DAY_SHARDS, GSI1, day_pk, device_pk, event_sk
from smile_contract import LATEST_UNIX_MS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_QUERIES: Final = 100
# At 1 KB an event, a page whose filter finds nothing uses about 625 read units at most.
MAX_EXAMINED: Final = 5000


class Collector(Protocol):
    """Takes events until it is full."""

    @property
    def is_full(self) -> bool:
        """Whether it takes no further event."""

    def add(self, item: Item) -> bool:
        """Take an event; return False if it does not fit."""


@dataclass(slots=True)
class Page:
    """A page of events.

    Attributes
    ----------
    limit : int
        Largest number of events.
    items : list of dict
        Stored events in the order of the query.
    """

    limit: int
    items: list[Item] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether it takes no further event."""
        return len(self.items) == self.limit

    def add(self, item: Item) -> bool:
        """Take an event; return False if it does not fit."""
        if self.is_full:
            return False
        self.items.append(item)
        return True


class EventHistory:
    """Reads the events that ``store_event`` stored.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    max_queries, max_examined : int
        Number of queries or items after which a page ends at the next checkpoint.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        *,
        max_queries: int = MAX_QUERIES,
        max_examined: int = MAX_EXAMINED,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._max_queries = max_queries
        self._max_examined = max_examined
        self._days = EventDays(client, table_name)

    def get(self, device_id: str, event_id: str, now: datetime) -> Item | None:
        """Return the stored event, or None when it does not exist or has expired."""
        answer = self._client.get_item(
            TableName=self._table_name,
            Key=to_attributes({"pk": device_pk(device_id), "sk": event_sk(event_id)}),
        )
        if "Item" not in answer:
            return None
        item = from_attributes(answer["Item"])
        return item if item["expires_at"] > now.timestamp() else None

    def page(
        self, query: HistoryQuery, limit: int, after: Position | None, now: datetime
    ) -> tuple[list[Item], Position | None]:
        """Return at most `limit` events after a position, and where the next page starts.

        The second is None on the last page.
        """
        page = Page(limit)
        rest = self.collect(
            query, page, at_once=limit, after=after, now=now, is_spent=self._is_page_spent
        )
        return page.items, rest

    def collect(
        self,
        query: HistoryQuery,
        into: Collector,
        *,
        at_once: int,
        after: Position | None,
        now: datetime,
        is_spent: Callable[[EventReads], bool],
    ) -> Position | None:
        """Read events into a collector until it is full, the work is spent, or none remain.

        Parameters
        ----------
        query : HistoryQuery
        into : Collector
        at_once : int
            Number of events that a round of queries should find.
        after : Position or None
            Where to start; None is the first event.
        now : datetime
            Decides what has expired.
        is_spent : callable
            Is asked at each checkpoint whether to stop there.

        Returns
        -------
        Position or None
            Where to go on; None when no event remains.
        """
        reads = EventReads(self._client, self._table_name, query, after, now)
        if reads.ids.low > reads.ids.high:
            return None
        last = after
        for step in self._steps(query, reads, at_once):
            if not isinstance(step, Checkpoint):
                if not into.add(step):
                    return last
                last = Position.after(step)
            elif into.is_full:
                return last
            elif is_spent(reads) and _is_beyond(step.position, after):
                return step.position
        return None

    def _is_page_spent(self, reads: EventReads) -> bool:
        return reads.queries >= self._max_queries or reads.examined >= self._max_examined

    def _steps(
        self, query: HistoryQuery, reads: EventReads, at_once: int
    ) -> Iterator[Item | Checkpoint]:
        if query.device_id is not None:
            # One more event says whether a page follows, and one may belong to the page before.
            return reads.partition(device_pk(query.device_id), at_once + 2)
        return self._all_devices(query, reads, at_once)

    def _all_devices(
        self, query: HistoryQuery, reads: EventReads, at_once: int
    ) -> Iterator[Item | Checkpoint]:
        share = at_once // 2 + 2  # twice a shard's average share, so one query is usually enough
        previous: date | None = None
        for day in self._days.between(
            _day_of(reads.ids.low), _day_of(reads.ids.high), oldest_first=query.oldest_first
        ):
            if previous is not None:
                yield Checkpoint(_end_of(previous, oldest_first=query.oldest_first))
            shards = [
                reads.partition(day_pk(day, shard), share, index=GSI1)
                for shard in range(DAY_SHARDS)
            ]
            # The merge yields a shard's checkpoint after the other shards have passed it too.
            yield from heapq.merge(
                *shards, key=_sort_key(query.oldest_first), reverse=not query.oldest_first
            )
            previous = day


def _sort_key(oldest_first: bool) -> Callable[[Item | Checkpoint], SortKey]:
    def key(step: Item | Checkpoint) -> SortKey:
        if isinstance(step, Checkpoint):
            return step.position.sort_key(oldest_first=oldest_first)
        return event_sort_key(step)

    return key


def _is_beyond(position: Position, after: Position | None) -> bool:
    """Return whether a request that stops at `position` has made progress.

    Where more devices share an id than a request reads, it goes on to the next id.
    """
    return after is None or position.event_id != after.event_id


def _end_of(day: date, *, oldest_first: bool) -> Position:
    """Return the position after the last event of a day that is not the last one of the list."""
    start = lowest_id(datetime.combine(day, time(), UTC))
    if oldest_first:
        return Position(lowest_id(datetime.combine(day + timedelta(days=1), time(), UTC)))
    return Position(uuid.UUID(int=start.int - 1))


def _day_of(event_id: uuid.UUID) -> date:
    unix_ms = min(event_id.int >> 80, LATEST_UNIX_MS)
    return datetime.fromtimestamp(unix_ms // 1000, UTC).date()
