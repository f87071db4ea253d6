"""Delete what is stored about a device besides its events: counts, settings and states.

What the device has caused since the request stays: the markers of new events, and the hours that
count them. Settings and states are deleted as they are; the next message of the device, or the
next change of the settings, writes new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.counts import Counts
from smile_cloud.erasure.job import Job
from smile_cloud.erasure.job_store import JobStore
from smile_cloud.errors import ConflictError
from smile_cloud.keys import (
    ALERT_SK,
    DEVICE_ALERTS_PK,
    ERASURE_SK,
    EVENT_PREFIX,
    HOUR_PREFIX,
    alert_marker_sk,
    device_pk,
)
from smile_cloud.retry import attempts
from smile_cloud.rollups import hour_of, hour_removal_writes, quarter_counts
from smile_cloud.transactions import try_transaction
from smile_contract import parse_time, uuid7_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

Item = Mapping[str, Any]

# An hour takes two writes of a transaction, which may have 100.
ITEMS_PER_TRANSACTION: Final = 25
# A claim holds off other invocations of send_alert for 35 s.
CLAIM_DURATION: Final = timedelta(seconds=40)
_MARKER_PREFIX: Final = alert_marker_sk("")
_MANY: Final = (_MARKER_PREFIX, HOUR_PREFIX)
_HOUR: Final = timedelta(hours=1)
_AFTER_EVENTS: Final = f"{EVENT_PREFIX[:-1]}{chr(ord(EVENT_PREFIX[-1]) + 1)}"
_FIRST_SK, _LAST_SK = "!", "~"  # no sort key is before or after them


class DeviceEraser:
    """Deletes what is stored about a device besides its events.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    jobs : JobStore
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        jobs: JobStore,
        *,
        sleep: Callable[[float], None],
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._jobs = jobs
        self._sleep = sleep

    def erase(self, job: Job, now: datetime) -> bool:
        """Delete at most 25 hours or markers, or the states; return whether all are deleted.

        Raises
        ------
        ConflictError
            When other invocations or throttling prevented every attempt, or an alert is being sent.
        """
        reasons: frozenset[str] = frozenset()
        for _ in attempts(self._sleep):
            items, is_all = self._first(job)
            if not items:
                return True
            if any(_is_sending(job, item, now) for item in items):
                reasons = frozenset({"AlertInFlight"})
                continue
            writes = [write for item in items for write in self._deletion(job, item)]
            writes.append({"Update": self._jobs.progress(job, other_items=len(items))})
            reasons = try_transaction(self._client, writes)
            if not reasons:
                return is_all
        raise ConflictError(f"erasure {job.job_id}", reasons)

    def _first(self, job: Job) -> tuple[list[Item], bool]:
        """Return the first items to delete, and whether there are no others.

        The few states of the device come last and together: the listing of a device exists as long
        as the item that says that it is listed.
        """
        many: list[Item] = []
        states: list[Item] = []
        for item in self._items(job):
            if _is_erased(job, item):
                (many if item["sk"].startswith(_MANY) else states).append(item)
        if many:
            return many[:ITEMS_PER_TRANSACTION], False
        return states, True

    def _items(self, job: Job) -> Iterator[Item]:
        """Yield the items of the device without its events, which may be many new ones."""
        pages = self._client.get_paginator("query")
        for low, high in ((_FIRST_SK, EVENT_PREFIX), (_AFTER_EVENTS, _LAST_SK)):
            for page in pages.paginate(
                TableName=self._table_name,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
                ExpressionAttributeValues=to_attributes(
                    {":pk": device_pk(job.request.device_id), ":low": low, ":high": high}
                ),
                ConsistentRead=True,
            ):
                yield from map(from_attributes, page["Items"])
        key = to_attributes({"pk": DEVICE_ALERTS_PK, "sk": device_pk(job.request.device_id)})
        answer = self._client.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        if "Item" in answer:
            yield from_attributes(answer["Item"])

    def _deletion(self, job: Job, item: Item) -> list[TransactWriteItemTypeDef]:
        if item["sk"].startswith(HOUR_PREFIX):
            return hour_removal_writes(self._table_name, job.request.device_id, item)
        deletion: Any = {
            "TableName": self._table_name,
            "Key": to_attributes({"pk": item["pk"], "sk": item["sk"]}),
            "ConditionExpression": "attribute_exists(pk)",
        }
        if item["sk"] == ALERT_SK:  # no alert may have been claimed since it was read
            deletion["ConditionExpression"] = "version = :version"
            values = to_attributes({":version": item["version"]})
            deletion["ExpressionAttributeValues"] = values
        return [{"Delete": deletion}]


def _is_erased(job: Job, item: Item) -> bool:
    sk = item["sk"]
    if sk == ERASURE_SK:
        return False
    if sk.startswith(_MARKER_PREFIX):
        return uuid7_time(sk.removeprefix(_MARKER_PREFIX)) < job.until
    if sk.startswith(HOUR_PREFIX):
        is_empty = all(counts == Counts() for counts in quarter_counts(item))
        return is_empty or hour_of(item) + _HOUR <= job.until
    return True


def _is_sending(job: Job, item: Item, now: datetime) -> bool:
    """Return whether an alert of a new event is being sent; recording it needs the item."""
    if item["sk"] != ALERT_SK:
        return False
    return any(
        uuid7_time(event_id) >= job.until and now < parse_time(claim["at"]) + CLAIM_DURATION
        for event_id, claim in item.get("claims", {}).items()
    )
