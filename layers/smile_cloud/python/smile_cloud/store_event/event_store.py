"""Store each smile event once, even if its messages repeat or arrive in another order.

The item of an event holds the message that ranks highest: ``ended`` above ``started``, then the
higher `seq`. The highest rank does not depend on the order of arrival, so neither does the item.

A step to a higher rank and its change to the hourly counts are one transaction. The transaction
requires that the item is still as it was read, so nothing is counted twice. This condition makes
storing idempotent; DynamoDB's ClientRequestToken would do so for ten minutes only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.attributes import to_attributes
from smile_cloud.batches import get_items
from smile_cloud.counts import event_counts
from smile_cloud.erasure.erased import Erased, erased_key
from smile_cloud.errors import ConflictError
from smile_cloud.event_days import EventDays
from smile_cloud.keys import day_pk, device_pk, event_sk, shard_of
from smile_cloud.retry import attempts
from smile_cloud.rollups import rollup_retention as kept_for
from smile_cloud.rollups import rollup_writes
from smile_cloud.transactions import try_transaction
from smile_contract import SmileEvent, format_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_PHASE_RANK: Final = {"started": 0, "ended": 1}


class Outcome(StrEnum):
    """What storing a message of an event changed.

    ``erased`` and ``device_erased`` mean that it was dropped: someone has erased its part of the
    time, or everything about its device.
    """

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ERASED = "erased"
    DEVICE_ERASED = "device_erased"


class EventStore:
    """Writes smile events and the hourly counts of each device and of the fleet.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    event_retention, rollup_retention : timedelta
        How long to keep an item after receiving the message that last changed it.
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        *,
        event_retention: timedelta,
        rollup_retention: timedelta,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._event_retention = event_retention
        self._rollup_retention = kept_for(events=event_retention, rollups=rollup_retention)
        self._sleep = sleep
        self._days = EventDays(client, table_name)

    def store(self, event: SmileEvent, received_at: datetime) -> Outcome:
        """Store `event` unless the table holds this message or a higher-ranking one.

        An event of a range that was erased is dropped.

        Raises
        ------
        ConflictError
            When other invocations or throttling prevented every attempt.
        """
        reasons: frozenset[str] = frozenset()
        expires_at = int((received_at + self._event_retention).timestamp())
        for _ in attempts(self._sleep):
            stored, erased = self._read(event)
            if erased.covers_device(event.started_at):
                return Outcome.DEVICE_ERASED
            if erased.covers(event.started_at):
                return Outcome.ERASED
            if stored is not None and _rank(event.phase, event.seq) <= _rank(
                stored["phase"], stored["seq"]
            ):
                return Outcome.UNCHANGED
            self._days.add(event.started_at.date(), expires_at)
            reasons = self._write(event, stored, received_at, expires_at)
            if not reasons:
                return Outcome.CREATED if stored is None else Outcome.UPDATED
        raise ConflictError(f"event {event.event_id}", reasons)

    def _read(self, event: SmileEvent) -> tuple[Mapping[str, Any] | None, Erased]:
        """Return the stored event, and what was erased of its device."""
        own_key = (device_pk(event.device_id), event_sk(event.event_id))
        device_key = erased_key(event.device_id)
        keys, what = [own_key, device_key], f"event {event.event_id}"
        found = get_items(self._client, self._table_name, keys, what, sleep=self._sleep)
        return found.get(own_key), Erased.from_item(found.get(device_key))

    def _write(
        self,
        event: SmileEvent,
        stored: Mapping[str, Any] | None,
        received_at: datetime,
        expires_at: int,
    ) -> frozenset[str]:
        """Write the event and its counts; return why another attempt is needed, if any."""
        fields = _item_fields(event, received_at, expires_at)
        rollup_expires_at = int((received_at + self._rollup_retention).timestamp())
        writes = [
            self._event_write(event, stored, fields),
            *rollup_writes(
                self._table_name,
                event.device_id,
                event.started_at,
                event_counts(event.to_dict()) - event_counts(stored),
                expires_at=rollup_expires_at,
            ),
        ]
        return try_transaction(self._client, writes)

    def _event_write(
        self, event: SmileEvent, stored: Mapping[str, Any] | None, fields: Mapping[str, Any]
    ) -> TransactWriteItemTypeDef:
        if stored is None:
            return {
                "Put": {
                    "TableName": self._table_name,
                    "Item": _key(event) | to_attributes(fields),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            }
        values = {f":{name}": value for name, value in fields.items()}
        values |= {":stored_phase": stored["phase"], ":stored_seq": stored["seq"]}
        return {
            "Update": {
                "TableName": self._table_name,
                "Key": _key(event),
                "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in fields),
                "ConditionExpression": "#phase = :stored_phase AND #seq = :stored_seq",
                "ExpressionAttributeNames": {f"#{name}": name for name in fields},
                "ExpressionAttributeValues": to_attributes(values),
            }
        }


def _key(event: SmileEvent) -> dict[str, Any]:
    return to_attributes({"pk": device_pk(event.device_id), "sk": event_sk(event.event_id)})


def _rank(phase: str, seq: int) -> tuple[int, int]:
    return _PHASE_RANK[phase], seq


def _item_fields(event: SmileEvent, received_at: datetime, expires_at: int) -> dict[str, Any]:
    return event.to_dict() | {
        "gsi1pk": day_pk(event.started_at.date(), shard_of(event.event_id)),
        "gsi1sk": event.event_id,
        "received_at": format_time(received_at),
        "expires_at": expires_at,
    }
