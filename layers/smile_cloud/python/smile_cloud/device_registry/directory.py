"""Read the devices, in the order of their ids. A page costs one query and one batch of reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.batches import get_items
from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.items import from_fields
from smile_cloud.keys import DEVICE_SK, DEVICES_PK, GSI1, device_pk

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

MAX_PAGE: Final = 100  # of BatchGetItem


@dataclass(frozen=True, slots=True)
class DevicePage:
    """Some of the devices.

    Attributes
    ----------
    devices : tuple of Device
        In the order of their ids. It may be empty although there is a next page.
    next_after : str or None
        Id after which the next page begins; None on the last page.
    """

    devices: tuple[Device, ...]
    next_after: str | None


class DeviceDirectory:
    """Reads one device, or all of them page by page.

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

    def get(self, device_id: str) -> Device | None:
        """Return a device, None when no heartbeat has arrived or its item has expired."""
        answer = self._client.get_item(
            TableName=self._table_name,
            Key=to_attributes({"pk": device_pk(device_id), "sk": DEVICE_SK}),
            ConsistentRead=True,
        )
        return self._device(device_id, from_attributes(answer.get("Item", {})))

    def page(self, limit: int = MAX_PAGE, after: str | None = None) -> DevicePage:
        """Return up to `limit` devices, 1 to 100, whose ids come after `after`.

        Raises
        ------
        ConflictError
            When throttling prevented every attempt.
        """
        answer = self._client.query(**self._query(limit, after))
        ids = [item["gsi1sk"]["S"] for item in answer["Items"]]
        items = self._items(ids)
        found = (self._device(device_id, items.get(device_id, {})) for device_id in ids)
        devices = tuple(device for device in found if device is not None)
        return DevicePage(devices, ids[-1] if "LastEvaluatedKey" in answer and ids else None)

    def all(self) -> Iterator[Device]:
        """Yield every device."""
        after: str | None = None
        while True:
            page = self.page(after=after)
            yield from page.devices
            after = page.next_after
            if after is None:
                return

    def _device(self, device_id: str, item: Mapping[str, Any]) -> Device | None:
        """Return the device of an item; it may hold no more than the count of wrong clocks."""
        if "revision" not in item or item["expires_at"] <= self._clock().timestamp():
            return None
        device = from_fields(device_id, item)
        return device if device.has_spoken else None

    def _query(self, limit: int, after: str | None) -> QueryInputTypeDef:
        condition, values = "gsi1pk = :devices", {":devices": DEVICES_PK}
        if after is not None:
            condition, values[":after"] = f"{condition} AND gsi1sk > :after", after
        return {
            "TableName": self._table_name,
            "IndexName": GSI1,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": to_attributes(values),
            "ProjectionExpression": "gsi1sk",
            "Limit": limit,
        }

    def _items(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return the items of devices by their ids."""
        keys = {(device_pk(device_id), DEVICE_SK): device_id for device_id in ids}
        found = get_items(
            self._client,
            self._table_name,
            list(keys),
            "devices",
            is_consistent=False,
            sleep=self._sleep,
        )
        return {keys[key]: item for key, item in found.items()}
