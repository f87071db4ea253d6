"""Store what is known of each device: one small item, written only when a message changes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.items import from_fields, to_fields
from smile_cloud.erasure.erased import Erased, erased_key
from smile_cloud.errors import ConflictError
from smile_cloud.keys import DEVICE_SK, DEVICES_PK, LISTED_SK, device_pk
from smile_cloud.retry import attempts
from smile_cloud.transactions import RETRYABLE_WRITE_ERRORS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The listing is kept longer than needed, so that it is written once a month.
_LISTED_LONGER: Final = timedelta(days=30)
# A client that sends no status message may be any client of the account.
_FOREIGN_KEPT: Final = timedelta(days=1)


class DeviceStore:
    """Changes what is known of devices; `DeviceDirectory` reads it.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    retention : timedelta
        How long to keep an item after the last message about its device.
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
        retention: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._retention = retention
        self._clock = clock
        self._sleep = sleep

    def observe(self, seen: Device) -> bool:
        """Add what a message says to what is known of its device.

        Returns
        -------
        bool
            Whether the item has changed: False for a message that is repeated or superseded, or
            that arrived before its device was erased.

        Raises
        ------
        ConflictError
            When other invocations or throttling prevented every attempt.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When another attempt cannot help, or the answer is lost.
        """
        reason = ""
        for _ in attempts(self._sleep):
            item = self._item(_key(device_pk(seen.device_id), DEVICE_SK))
            before = None
            if self._is_in_force(item):
                before = from_fields(seen.device_id, item)
            if _is_oldest(seen, before) and self._is_erased(seen):
                return False
            after = seen if before is None else before.join(seen)
            if after == before:
                return False
            try:
                self._write(after, item)
            except ClientError as error:
                reason = error.response["Error"]["Code"]
                if reason not in RETRYABLE_WRITE_ERRORS:
                    raise
            else:
                return True
        raise ConflictError(f"device {seen.device_id}", [reason])

    def _item(self, key: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._client.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        return from_attributes(answer.get("Item", {}))

    def _is_erased(self, seen: Device) -> bool:
        """Return whether a message arrived before its device was erased."""
        if seen.heard_at is None:
            return False
        item = self._item(_key(*erased_key(seen.device_id)))
        return Erased.from_item(item or None).covers_device(seen.heard_at)

    def _is_in_force(self, item: Mapping[str, Any]) -> bool:
        """Return whether an item is in force, and not just the count of wrong clocks."""
        return "revision" in item and item["expires_at"] > self._clock().timestamp()

    def _write(self, device: Device, item: Mapping[str, Any]) -> None:
        """Write what is known of a device if its item is still as it was read."""
        heard_at = device.heard_at or self._clock()
        kept = self._retention if device.has_spoken else min(_FOREIGN_KEPT, self._retention)
        expires_at = int((heard_at + kept).timestamp())
        revision = item.get("revision")
        fields = to_fields(device) | {
            "revision": 1 if revision is None else revision + 1,
            "expires_at": expires_at,
            "listed_until": self._list(device, item, expires_at),
        }
        known = {name: value for name, value in fields.items() if value is not None}
        unknown = sorted(fields.keys() - known.keys())
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in known)
        if unknown:
            update += " REMOVE " + ", ".join(f"#{name}" for name in unknown)
        values = {f":{name}": value for name, value in known.items()}
        condition = "attribute_not_exists(#revision)"
        if revision is not None:
            condition, values[":read"] = "#revision = :read", revision
        self._client.update_item(
            TableName=self._table_name,
            Key=_key(device_pk(device.device_id), DEVICE_SK),
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in fields},
            ExpressionAttributeValues=to_attributes(values),
        )

    def _list(self, device: Device, item: Mapping[str, Any], expires_at: int) -> int | None:
        """List a device at least until `expires_at`; return until when it is listed.

        The listing is written first: a device whose item says that it is listed is listed.
        """
        if not device.has_spoken:
            return None
        listed_until = item.get("listed_until", 0)
        if listed_until >= expires_at:
            return int(listed_until)
        listed_until = expires_at + int(_LISTED_LONGER.total_seconds())
        listing = {
            "pk": device_pk(device.device_id),
            "sk": LISTED_SK,
            "gsi1pk": DEVICES_PK,
            "gsi1sk": device.device_id,
            "expires_at": listed_until,
        }
        self._client.put_item(TableName=self._table_name, Item=to_attributes(listing))
        return listed_until


def _is_oldest(seen: Device, before: Device | None) -> bool:
    """Return whether nothing older is known: what is known holds nothing that was erased."""
    if before is None or before.first_seen is None or seen.heard_at is None:
        return True
    return seen.heard_at < before.first_seen


def _key(pk: str, sk: str) -> dict[str, Any]:
    return to_attributes({"pk": pk, "sk": sk})
