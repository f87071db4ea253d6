"""The queries of one request, in the order of events and without expired ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.history_api.position import IdRange, Position, event_sort_key
from smile_cloud.history_api.query import HistoryQuery
from smile_cloud.keys import EVENT_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

# Smallest number of items in a query. Queries count expired items too, so a few of them must not
# use up a whole query.
_LEAST_READ: Final = 25
# Largest number, about half a megabyte: with rare matches, fewer and longer queries are faster.
_MOST_READ: Final = 500

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Says that everything before `position` has been read."""

    position: Position


class EventReads:
    """Runs and counts the queries of one request.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    query : HistoryQuery
    after : Position or None
        Where the previous page ended.
    now : datetime
        Decides what has expired.

    Attributes
    ----------
    ids : IdRange
        What remains to be read.
    queries : int
        Queries so far.
    examined : int
        Items that DynamoDB has read for them, shown or not.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        query: HistoryQuery,
        after: Position | None,
        now: datetime,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._query = query
        self._after = after
        self._now_s = int(now.timestamp())
        self.ids = IdRange.of(query, after)
        self.queries = 0
        self.examined = 0

    def partition(
        self, pk: str, at_once: int, *, index: str | None = None
    ) -> Iterator[Item | Checkpoint]:
        """Yield the events of a partition of the table or an index, and where each query ended.

        In an index, events with the same id come in any order. They are held back until all of
        them are read, and then sorted by device.
        """
        sk_name, prefix = ("sk", EVENT_PREFIX) if index is None else (f"{index}sk", "")
        request = self._request(pk, at_once, index, sk_name, prefix)
        held: list[Item] = []
        while True:
            answer = self._client.query(**request)
            self.queries += 1
            self.examined += answer["ScannedCount"]
            for item in map(from_attributes, answer["Items"]):
                if held and held[0]["event_id"] != item["event_id"]:
                    yield from self._sorted(held)
                    held = []
                held.append(item)
            if "LastEvaluatedKey" not in answer:
                yield from self._sorted(held)
                return
            last_id = answer["LastEvaluatedKey"][sk_name]["S"].removeprefix(prefix)
            if held and held[0]["event_id"] != last_id:
                yield from self._sorted(held)
                held = []
            yield Checkpoint(Position(uuid.UUID(last_id)))
            if 2 * len(answer["Items"]) < answer["ScannedCount"]:
                request["Limit"] = min(2 * request["Limit"], _MOST_READ)
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _sorted(self, items: list[Item]) -> list[Item]:
        """Return the events of one id in order, without those of earlier pages."""
        after = self._after
        if after is not None and after.device_id and items:
            end = after.sort_key(oldest_first=self._query.oldest_first)
            items = [item for item in items if self._is_after(item, end)]
        return sorted(items, key=event_sort_key, reverse=not self._query.oldest_first)

    def _is_after(self, item: Item, end: tuple[str, str]) -> bool:
        key = event_sort_key(item)
        return key > end if self._query.oldest_first else key < end

    def _request(
        self, pk: str, at_once: int, index: str | None, sk_name: str, prefix: str
    ) -> QueryInputTypeDef:
        pk_name = "pk" if index is None else f"{index}pk"
        parts, values = self._query.condition()
        values |= {
            ":pk": pk,
            ":low": f"{prefix}{self.ids.low}",
            ":high": f"{prefix}{self.ids.high}",
            ":now": self._now_s,
        }
        request: QueryInputTypeDef = {
            "TableName": self._table_name,
            "KeyConditionExpression": f"{pk_name} = :pk AND {sk_name} BETWEEN :low AND :high",
            "FilterExpression": " AND ".join(["expires_at > :now", *parts]),
            "ExpressionAttributeValues": to_attributes(values),
            "ScanIndexForward": self._query.oldest_first,
            "Limit": max(at_once, _LEAST_READ),
        }
        return request if index is None else {**request, "IndexName": index}
