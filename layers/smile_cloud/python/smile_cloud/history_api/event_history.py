"""Read the events of one device or of all devices, newest first, without scanning the table.

Events are ordered by id, which starts with the time the smile started. A page holds the events
below a position, which is an id too. Events that arrive between two pages therefore neither
repeat nor hide others.

The number of queries limits the work of a request. A page that reaches this limit returns the
position where the next page continues, even when the page is empty.
"""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.event_days import EventDays
from smile_cloud.history_api.requests import HistoryQuery
from smile_cloud.keys import DAY_SHARDS, EVENT_PREFIX, GSI1, day_pk, device_pk, event_sk
from smile_contract import LATEST_UNIX_MS, uuid7_lower_bound

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

MAX_QUERIES: Final = 100
# Smallest number of items in a query. Queries count expired items too, so a few of them must not
# use up a whole query.
_LEAST_READ: Final = 25
_LOWEST: Final = uuid.UUID(int=0)
_HIGHEST: Final = uuid.UUID(int=(1 << 128) - 1)

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of events.

    Attributes
    ----------
    items : list of dict
        Stored events, newest first.
    position : uuid.UUID or None
        The remaining events are below it; None on the last page.
    """

    items: list[Item]
    position: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """Says that everything at or above `position` has been read."""

    position: uuid.UUID


@dataclass(frozen=True, slots=True)
class _Range:
    """Ids from `low` to `high`, both included."""

    low: uuid.UUID
    high: uuid.UUID

    @classmethod
    def of(cls, query: HistoryQuery, below: uuid.UUID | None) -> _Range:
        low, end = _LOWEST, _HIGHEST
        if query.start is not None:
            low = _floor_of(query.start)
        if query.end is not None:
            end = _floor_of(query.end)
        if below is not None:
            end = min(end, below)
        return cls(low, uuid.UUID(int=max(end.int - 1, 0)))


class EventHistory:
    """Reads the events that ``store_event`` stored.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    max_queries : int
        After this many queries a page ends at the next checkpoint.
    """

    def __init__(
        self, client: DynamoDBClient, table_name: str, *, max_queries: int = MAX_QUERIES
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._max_queries = max_queries
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

    def page(self, query: HistoryQuery, limit: int, below: uuid.UUID | None, now: datetime) -> Page:
        """Return at most `limit` events of `query` below the position of the previous page."""
        ids = _Range.of(query, below)
        if ids.low > ids.high:
            return Page([], None)
        reads = _Reads(self._client, self._table_name, ids, now)
        if query.device_id is not None:
            steps = reads.partition(device_pk(query.device_id), limit + 1)
        else:
            steps = self._all_devices(reads, ids, limit)
        items: list[Item] = []
        for step in steps:
            if isinstance(step, _Checkpoint):
                if reads.count >= self._max_queries:
                    return Page(items, step.position)
            elif len(items) == limit:
                return Page(items, uuid.UUID(items[-1]["event_id"]))
            else:
                items.append(step)
        return Page(items, None)

    def _all_devices(self, reads: _Reads, ids: _Range, limit: int) -> Iterator[Item | _Checkpoint]:
        share = limit // 2 + 1  # twice a shard's average share, so one query is usually enough
        for day in self._days.between(_day_of(ids.low), _day_of(ids.high)):
            shards = [
                reads.partition(day_pk(day, shard), share, index=GSI1)
                for shard in range(DAY_SHARDS)
            ]
            # The merge yields a shard's checkpoint after the other shards have passed it too.
            yield from heapq.merge(*shards, key=_position_of, reverse=True)
            yield _Checkpoint(_floor_of(datetime.combine(day, time(), UTC)))


class _Reads:
    """Runs and counts the queries of one request; leaves out expired events."""

    def __init__(self, client: DynamoDBClient, table_name: str, ids: _Range, now: datetime) -> None:
        self._client = client
        self._table_name = table_name
        self._ids = ids
        self._now_s = int(now.timestamp())
        self.count = 0

    def partition(
        self, pk: str, at_once: int, *, index: str | None = None
    ) -> Iterator[Item | _Checkpoint]:
        """Yield the events of a partition of the table or an index, and where each query ended."""
        pk_name, sk_name, prefix = "pk", "sk", EVENT_PREFIX
        if index is not None:
            pk_name, sk_name, prefix = f"{index}pk", f"{index}sk", ""
        request: QueryInputTypeDef = {
            "TableName": self._table_name,
            "KeyConditionExpression": f"{pk_name} = :pk AND {sk_name} BETWEEN :low AND :high",
            "FilterExpression": "expires_at > :now",
            "ExpressionAttributeValues": to_attributes(
                {
                    ":pk": pk,
                    ":low": f"{prefix}{self._ids.low}",
                    ":high": f"{prefix}{self._ids.high}",
                    ":now": self._now_s,
                }
            ),
            "ScanIndexForward": False,
            "Limit": max(at_once, _LEAST_READ),
        }
        if index is not None:
            request["IndexName"] = index
        while True:
            self.count += 1
            answer = self._client.query(**request)
            yield from map(from_attributes, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            last_sk = answer["LastEvaluatedKey"][sk_name]["S"]
            yield _Checkpoint(uuid.UUID(last_sk.removeprefix(prefix)))


def _position_of(step: Item | _Checkpoint) -> str:
    return str(step.position) if isinstance(step, _Checkpoint) else str(step["event_id"])


def _floor_of(at: datetime) -> uuid.UUID:
    """Return the lowest UUID of a millisecond.

    It has no version bits, unlike the lowest UUIDv7, so the UUID before it belongs to the
    millisecond before.
    """
    lowest = uuid.UUID(uuid7_lower_bound(at))
    return uuid.UUID(int=lowest.int >> 80 << 80)


def _day_of(event_id: uuid.UUID) -> date:
    unix_ms = min(event_id.int >> 80, LATEST_UNIX_MS)
    return datetime.fromtimestamp(unix_ms // 1000, UTC).date()
