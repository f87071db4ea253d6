"""Store the throttle state of each device: one item, changed only if nobody else changed it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.errors import ConflictError
from smile_cloud.keys import ALERT_SK, device_pk
from smile_cloud.retry import attempts
from smile_cloud.send_alert.alert_policy import AlertThrottle, Lease
from smile_contract import format_time, parse_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")
Change = Callable[[AlertThrottle, datetime], tuple[T, AlertThrottle]]

# Far longer than the longest cooldown and age that the settings allow (99,999 s).
_RETENTION: Final = timedelta(days=30)


class AlertThrottleStore:
    """Reads and changes throttle states.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    clock : callable
        Returns the current time, UTC.
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._clock = clock
        self._sleep = sleep

    def update(self, device_id: str, change: Change[T]) -> tuple[T, AlertThrottle]:
        """Apply `change` to the throttle state of a device; return its answer and the new state.

        `change` gets the state and the time. It returns an answer and the new state, which is
        stored unless it is the same object. When another invocation changes the state at the same
        time, `change` is called again with that state.

        Raises
        ------
        ConflictError
            When other invocations changed the state during every attempt.
        """
        for _ in attempts(self._sleep):
            now = self._clock()
            throttle, version = self._read(device_id)
            answer, changed = change(throttle, now)
            if changed is throttle or self._write(device_id, changed, version, now):
                return answer, changed
        raise ConflictError(
            f"alert throttle of {device_id}: other invocations kept changing the state"
        )

    def _read(self, device_id: str) -> tuple[AlertThrottle, int]:
        """Return the state and its version, 0 when nothing is stored."""
        answer = self._client.get_item(
            TableName=self._table_name,
            Key=to_attributes({"pk": device_pk(device_id), "sk": ALERT_SK}),
            ConsistentRead=True,
        )
        if "Item" not in answer:
            return AlertThrottle(), 0
        item = from_attributes(answer["Item"])
        return _throttle(item), item["version"]

    def _write(self, device_id: str, throttle: AlertThrottle, version: int, now: datetime) -> bool:
        """Store the state; return False when it no longer has the `version` that was read."""
        item = _item(throttle) | {
            "pk": device_pk(device_id),
            "sk": ALERT_SK,
            "version": version + 1,
            "expires_at": int((now + _RETENTION).timestamp()),
        }
        try:
            self._client.put_item(
                TableName=self._table_name,
                Item=to_attributes(item),
                ConditionExpression="attribute_not_exists(pk) OR version = :version",
                ExpressionAttributeValues=to_attributes({":version": version}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _item(throttle: AlertThrottle) -> dict[str, Any]:
    item: dict[str, Any] = {
        "suppressed": throttle.suppressed,
        "seen_ids": list(throttle.seen_ids),
    }
    if throttle.last_sent_at is not None:
        item["last_sent_at"] = format_time(throttle.last_sent_at)
    if throttle.lease is not None:
        item["lease"] = {
            "event_id": throttle.lease.event_id,
            "expires_at": format_time(throttle.lease.expires_at),
            "suppressed": throttle.lease.suppressed,
        }
    return item


def _throttle(item: dict[str, Any]) -> AlertThrottle:
    last_sent_at, lease = item.get("last_sent_at"), item.get("lease")
    return AlertThrottle(
        last_sent_at=parse_time(last_sent_at) if last_sent_at is not None else None,
        suppressed=item["suppressed"],
        seen_ids=tuple(item["seen_ids"]),
        lease=Lease(lease["event_id"], parse_time(lease["expires_at"]), lease["suppressed"])
        if lease is not None
        else None,
    )
