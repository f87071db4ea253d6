"""A stand-in for the table with very many events, which counts what its queries read.

It answers ``Query`` inside a real client, before anything is sent, so the client still checks and
converts each request. Only the ids are kept; an item is made when a query reads it. It knows the
conditions that ``history_api`` sends, and no others.
"""

from __future__ import annotations

import json
import operator
import random
import re
import uuid
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from bench.cloud.item_size import item_bytes, read_units
from local.aws.endpoints import LocalAws
from smile_cloud.attributes import to_attributes
from smile_cloud.keys import (
    DAY_PREFIX,
    DAYS_PK,
    EVENT_PREFIX,
    GSI1,
    day_pk,
    day_sk,
    device_pk,
    event_sk,
    shard_of,
)
from smile_contract import Face, Model, SmileEvent, format_time, uuid7_lower_bound, uuid7_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DEVICE: Final = "cam-1"
TABLE: Final = "events"
NEWEST: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAYS: Final = 90
# A query reads at most 1 MB:
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
_MOST_BYTES: Final = 2**20
_EXPIRES_AT: Final = int((NEWEST + timedelta(days=DAYS)).timestamp())
_RANGE: Final = re.compile(r"(\w+) = (:\w+) AND (\w+) BETWEEN (:\w+) AND (:\w+)")
_FILTER: Final = re.compile(r"(\w+) (>=|>|=) (:\w+)")
_COMPARE: Final = {">=": operator.ge, ">": operator.gt, "=": operator.eq}
_FACE: Final = Face(0.93, (0.41, 0.22, 0.11, 0.19))
_MODEL: Final = Model("3f1c" * 16, 0.6, 0.45)
Item = dict[str, Any]


@dataclass(slots=True)
class Reads:
    """What queries have read.

    Attributes
    ----------
    queries : int
    items : int
        Items that were read, also those that a filter left out.
    units : float
        Read units, eventually consistent.
    """

    queries: int = 0
    items: int = 0
    units: float = 0.0


class CountedTable:
    """So many events of one camera, spread evenly over the last 90 days.

    Parameters
    ----------
    events : int

    Attributes
    ----------
    reads : Reads
        Since it was last replaced.
    ids : list of str
        Event ids from the oldest to the newest.
    """

    def __init__(self, events: int) -> None:
        self.reads = Reads()
        draw, days = random.Random(events), set[date]()  # noqa: S311 - not a secret
        self.ids = sorted(_event_id(draw, age / events) for age in range(events))
        self._indexed: defaultdict[str, list[str]] = defaultdict(list)
        for event_id in self.ids:
            day = uuid7_time(event_id).date()
            days.add(day)
            self._indexed[day_pk(day, shard_of(event_id))].append(event_id)
        self._days = sorted(map(day_sk, days))

    def client(self) -> DynamoDBClient:
        """Return a client whose queries this table answers; anything else fails."""
        client = LocalAws("http://127.0.0.1:9").dynamodb  # the port that discards
        answer: Any = self._answer  # the type of the stubs has no answer
        client.meta.events.register("before-call.dynamodb.Query", answer)
        return client

    def _answer(self, params: Mapping[str, Any], **_: Any) -> tuple[SimpleNamespace, Item]:
        return SimpleNamespace(status_code=200), self.query(json.loads(params["body"]))

    def query(self, request: Mapping[str, Any]) -> Item:
        """Return the answer to a ``Query``, and count it."""
        condition = _RANGE.fullmatch(request["KeyConditionExpression"])
        if condition is None:
            raise ValueError(f"unknown condition {request['KeyConditionExpression']}")
        _, pk_value, sk_name, low, high = condition.groups()
        values = request["ExpressionAttributeValues"]
        keys, prefix = self._partition(values[pk_value]["S"], request.get("IndexName"))
        first, last = (values[name]["S"].removeprefix(prefix) for name in (low, high))
        is_forward = request.get("ScanIndexForward", True)
        start = request.get("ExclusiveStartKey", {}).get(sk_name)
        begin, end = bisect_left(keys, first), bisect_right(keys, last)
        if start is not None and is_forward:
            begin = max(begin, bisect_right(keys, start["S"].removeprefix(prefix)))
        elif start is not None:
            end = min(end, bisect_left(keys, start["S"].removeprefix(prefix)))
        wanted = range(begin, end) if is_forward else range(end - 1, begin - 1, -1)
        return self._read([keys[at] for at in wanted[: request.get("Limit")]], request)

    def _partition(self, pk: str, index: str | None) -> tuple[list[str], str]:
        """Return the sort keys of a partition without their prefix, and the prefix."""
        if index == GSI1:
            return self._indexed.get(pk, []), ""
        if pk == DAYS_PK:
            return self._days, ""
        return (self.ids if pk == device_pk(DEVICE) else []), EVENT_PREFIX

    def _read(self, keys: list[str], request: Mapping[str, Any]) -> Item:
        items: list[Item] = []
        size = 0
        for key in keys:
            items.append(stored(key))
            size += item_bytes(items[-1])
            if size > _MOST_BYTES:
                break
        self.reads.queries += 1
        self.reads.items += len(items)
        self.reads.units += read_units(items)
        found = [item for item in items if _is_shown(item, request)]
        answer: Item = {"Items": found, "Count": len(found), "ScannedCount": len(items)}
        if items and (len(items) == request.get("Limit") or len(items) < len(keys)):
            names = ("pk", "sk", "gsi1pk", "gsi1sk") if "IndexName" in request else ("pk", "sk")
            answer["LastEvaluatedKey"] = {name: items[-1][name] for name in names}
        return answer


def stored(key: str) -> Item:
    """Return the item of an event, given its id, or of a day, given its sort key."""
    if key.startswith(DAY_PREFIX):
        return to_attributes({"pk": DAYS_PK, "sk": key, "expires_at": _EXPIRES_AT})
    event = event_of(key)
    fields = event.to_dict() | {
        "pk": device_pk(DEVICE),
        "sk": event_sk(key),
        "gsi1pk": day_pk(event.started_at.date(), shard_of(key)),
        "gsi1sk": key,
        "received_at": format_time(NEWEST),
        "expires_at": _EXPIRES_AT,
    }
    return to_attributes(fields)


def event_of(event_id: str) -> SmileEvent:
    """Return an event with 32 scores; its highest score, 0 to 0.999, follows from its id."""
    started_at, score = uuid7_time(event_id), int(event_id[-8:-4], 16) % 1000 / 1000
    return SmileEvent(
        event_id=event_id,
        device_id=DEVICE,
        seq=1000,
        phase="ended",
        started_at=started_at,
        ended_at=started_at + timedelta(milliseconds=2760),
        duration_ms=2760,
        peak_score=score,
        mean_score=score,
        face=_FACE,
        track_id=3,
        model=_MODEL,
        score_history=(score,) * 32,
    )


def _event_id(draw: random.Random, age: float) -> str:
    """Return a UUIDv7 of the last 90 days; an `age` of 1 is the oldest."""
    lowest = uuid.UUID(uuid7_lower_bound(NEWEST - timedelta(days=DAYS) * age))
    random_bits = draw.getrandbits(12) << 64 | draw.getrandbits(62)
    return str(uuid.UUID(int=lowest.int | random_bits))


def _is_shown(item: Item, request: Mapping[str, Any]) -> bool:
    parts = [part for part in request.get("FilterExpression", "").split(" AND ") if part]
    return all(_is_true(part, item, request["ExpressionAttributeValues"]) for part in parts)


def _is_true(part: str, item: Item, values: Mapping[str, Any]) -> bool:
    condition = _FILTER.fullmatch(part)
    if condition is None:
        raise ValueError(f"unknown filter {part}")
    name, comparison, value = condition.groups()
    [kind], convert = values[value], float if "N" in values[value] else str
    return bool(_COMPARE[comparison](convert(item[name][kind]), convert(values[value][kind])))
