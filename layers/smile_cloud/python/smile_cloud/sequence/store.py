"""Store the sequence of each device: one item, one write for all messages of a batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.errors import ConflictError
from smile_cloud.keys import SEQUENCE_SK, device_pk
from smile_cloud.retry import attempts
from smile_cloud.sequence.arrival import Arrival
from smile_cloud.sequence.sequence import Sequence
from smile_cloud.transactions import RETRYABLE_WRITE_ERRORS
from smile_contract import format_time, parse_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TIMES = ("begun_at", "newest_at", "reset_at")
_NUMBERS = (
    *("first", "last", "received", "duplicates", "late"),
    *("untracked", "tracked_from", "resets"),
)


class SequenceStore:
    """Reads and changes the sequences.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._sleep = sleep

    def read(self, device_id: str, now: datetime) -> Sequence | None:
        """Return the sequence of a device, None when no event has arrived or it has expired."""
        return _sequence(self._item(device_id), now)

    def add(self, device_id: str, arrivals: Iterable[Arrival], retention: timedelta) -> None:
        """Count messages of a device that are stored; a message that is counted changes nothing.

        Parameters
        ----------
        device_id : str
        arrivals : iterable of Arrival
            At least one.
        retention : timedelta
            How long to keep the sequence after the last of them.

        Raises
        ------
        ConflictError
            When other invocations or throttling prevented every attempt.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When another attempt cannot help, or the answer is lost.
        """
        added = sorted(arrivals, key=lambda arrival: arrival.received_at)
        newest = added[-1].received_at
        reason = ""
        for _ in attempts(self._sleep):
            item = self._item(device_id)
            before = _sequence(item, newest) or Sequence()
            after = before
            for arrival in added:
                after = after.add(arrival)
            if after == before:
                return
            expires_at = max(int((newest + retention).timestamp()), item.get("expires_at", 0))
            revision = item.get("revision")
            try:
                self._put(device_id, after, expires_at, revision)
            except ClientError as error:
                reason = error.response["Error"]["Code"]
                if reason not in RETRYABLE_WRITE_ERRORS:
                    raise
            else:
                return
        raise ConflictError(f"sequence of {device_id}", [reason])

    def _item(self, device_id: str) -> dict[str, Any]:
        answer = self._client.get_item(
            TableName=self._table_name,
            Key=to_attributes({"pk": device_pk(device_id), "sk": SEQUENCE_SK}),
            ConsistentRead=True,
        )
        return from_attributes(answer.get("Item", {}))

    def _put(
        self, device_id: str, sequence: Sequence, expires_at: int, revision: int | None
    ) -> None:
        item = _fields(sequence) | {
            "pk": device_pk(device_id),
            "sk": SEQUENCE_SK,
            "expires_at": expires_at,
            "revision": 1 if revision is None else revision + 1,
        }
        condition, values = "attribute_not_exists(pk)", {}
        if revision is not None:
            condition, values = "revision = :read", to_attributes({":read": revision})
        given = {"ExpressionAttributeValues": values} if values else {}
        self._client.put_item(
            TableName=self._table_name,
            Item=to_attributes(item),
            ConditionExpression=condition,
            **given,  # type: ignore[arg-type]
        )


def _fields(sequence: Sequence) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(sequence, name) for name in _NUMBERS}
    for name in _TIMES:
        at = getattr(sequence, name)
        if at is not None:
            fields[name] = format_time(at)
    return fields | {
        "gaps": [number for gap in sequence.gaps for number in gap],
        "keys": list(sequence.keys),
    }


def _sequence(item: Mapping[str, Any], now: datetime) -> Sequence | None:
    if not item or item["expires_at"] <= now.timestamp():
        return None
    bounds = item["gaps"]
    values: dict[str, Any] = {name: item[name] for name in _NUMBERS}
    values |= {name: parse_time(item[name]) for name in _TIMES if name in item}
    return Sequence(
        **values,
        gaps=tuple(zip(bounds[::2], bounds[1::2], strict=True)),
        keys=tuple(item["keys"]),
    )
