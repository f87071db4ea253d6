"""Reads events, newest first, of one device or of all: queries and gets, never a scan.

The order is that of the event ids, whose first part is the time the smile began. A position in
it is an id, and a page holds what is below: events that arrive meanwhile neither repeat nor hide
one. The work of one request is bounded by the number of queries, and a page that stopped there
says where to go on even when it found nothing.
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
from smile_cloud.history_api.query import HistoryQuery
from smile_cloud.keys import DAY_SHARDS, EVENT_PREFIX, GSI1, day_pk, device_pk, event_sk
from smile_contract import LATEST_UNIX_MS, uuid7_lower_bound

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

MAX_QUERIES: Final = 100
# Items of one query at least: a few expired ones, which are read too, must not fill a whole one.
_LEAST_READ: Final = 25
_LOWEST: Final = uuid.UUID(int=0)
_HIGHEST: Final = uuid.UUID(int=(1 << 128) - 1)

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the history.

    Attributes
    ----------
    items : list of dict
        Stored events, newest first.
    position : uuid.UUID or None
        Everything not seen yet is below it; None when nothing is left.
    """

    items: list[Item]
    position: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """Everything at or above `position` has been yielded."""

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
    """Reads what :class:`smile_cloud.store_event.event_store.EventStore` wrote.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    max_queries : int
        Queries after which a page ends at the next opportunity.
    """

    def __init__(
        self, client: DynamoDBClient, table_name: str, *, max_queries: int = MAX_QUERIES
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._max_queries = max_queries
        self._days = EventDays(client, table_name)

    def get(self, device_id: str, event_id: str, now: datetime) -> Item | None:
        """Return the stored event, or None when there is none or it has expired."""
        answer = self._client.get_item(
            TableName=self._table_name,
            Key=to_attributes({"pk": device_pk(device_id), "sk": event_sk(event_id)}),
        )
        if "Item" not in answer:
            return None
        item = from_attributes(answer["Item"])
        return item if item["expires_at"] > now.timestamp() else None

    def page(self, query: HistoryQuery, limit: int, below: uuid.UUID | None, now: datetime) -> Page:
        """Return at most `limit` events of `query` below the position of the page before."""
        ids = _Range.of(query, below)
        if ids.low > ids.high:
            return Page([], None)
        reads = _Reads(self._client, self._table_name, now)
        if query.device_id is not None:
            steps = self._of_device(reads, query.device_id, ids, limit)
        else:
            steps = self._of_all(reads, ids, limit)
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

    def _of_device(
        self, reads: _Reads, device_id: str, ids: _Range, limit: int
    ) -> Iterator[Item | _Checkpoint]:
        for items, last_key in reads.pages(
            {
                "TableName": self._table_name,
                "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
                "ExpressionAttributeValues": {
                    ":pk": device_pk(device_id),
                    ":low": event_sk(str(ids.low)),
                    ":high": event_sk(str(ids.high)),
                },
                "Limit": max(limit + 1, _LEAST_READ),
            }
        ):
            yield from items
            if last_key is not None:
                yield _Checkpoint(uuid.UUID(last_key["sk"]["S"].removeprefix(EVENT_PREFIX)))

    def _of_all(self, reads: _Reads, ids: _Range, limit: int) -> Iterator[Item | _Checkpoint]:
        for day in self._days.between(_day_of(ids.low), _day_of(ids.high)):
            shards = [
                self._of_shard(reads, day_pk(day, shard), ids, limit) for shard in range(DAY_SHARDS)
            ]
            # A shard's checkpoint comes up when the others are below it, too.
            yield from heapq.merge(*shards, key=_position_of, reverse=True)
            yield _Checkpoint(_floor_of(datetime.combine(day, time(), UTC)))

    def _of_shard(
        self, reads: _Reads, shard_pk: str, ids: _Range, limit: int
    ) -> Iterator[Item | _Checkpoint]:
        for items, last_key in reads.pages(
            {
                "TableName": self._table_name,
                "IndexName": GSI1,
                "KeyConditionExpression": "gsi1pk = :pk AND gsi1sk BETWEEN :low AND :high",
                "ExpressionAttributeValues": {
                    ":pk": shard_pk,
                    ":low": str(ids.low),
                    ":high": str(ids.high),
                },
                # twice a fair share, for one query to be enough
                "Limit": max(limit // 2 + 1, _LEAST_READ),
            }
        ):
            yield from items
            if last_key is not None:
                yield _Checkpoint(uuid.UUID(last_key["gsi1sk"]["S"]))


class _Reads:
    """Runs and counts the queries of one request, leaving out what has expired."""

    def __init__(self, client: DynamoDBClient, table_name: str, now: datetime) -> None:
        self._client = client
        self._table_name = table_name
        self._now_s = int(now.timestamp())
        self.count = 0

    def pages(self, query: dict[str, Any]) -> Iterator[tuple[list[Item], dict[str, Any] | None]]:
        """Yield the live items of each query page, and the key to go on from, if any."""
        values = query["ExpressionAttributeValues"] | {":now": self._now_s}
        request: QueryInputTypeDef = query | {  # type: ignore[assignment]
            "FilterExpression": "expires_at > :now",
            "ExpressionAttributeValues": to_attributes(values),
            "ScanIndexForward": False,
        }
        while True:
            self.count += 1
            answer = self._client.query(**request)
            last_key = answer.get("LastEvaluatedKey")
            yield [from_attributes(item) for item in answer["Items"]], last_key
            if last_key is None:
                return
            request["ExclusiveStartKey"] = last_key


def _position_of(step: Item | _Checkpoint) -> str:
    return str(step.position) if isinstance(step, _Checkpoint) else str(step["event_id"])


def _floor_of(at: datetime) -> uuid.UUID:
    """Return what is at or below every id of the millisecond, and above all of the one before.

    Unlike the lowest UUIDv7 it has no version bits, so that one less is in the millisecond before.
    """
    lowest = uuid.UUID(uuid7_lower_bound(at))
    return uuid.UUID(int=lowest.int >> 80 << 80)


def _day_of(event_id: uuid.UUID) -> date:
    unix_ms = min(event_id.int >> 80, LATEST_UNIX_MS)
    return datetime.fromtimestamp(unix_ms // 1000, UTC).date()
