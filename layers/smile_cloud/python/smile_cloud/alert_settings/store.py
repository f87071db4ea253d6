"""Store alert settings: one item for the fleet, and one for each device that has its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from smile_cloud.alert_settings.fields import encode
from smile_cloud.alert_settings.stored import StoredSettings, parse_stored
from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.keys import ALERT_SETTINGS_SK, ALERTS_PK, FLEET_SETTINGS_SK, device_pk
from smile_contract import format_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def settings_key(device_id: str | None) -> dict[str, str]:
    """Return the key of the settings of a device, or of the fleet when `device_id` is None."""
    if device_id is None:
        return {"pk": ALERTS_PK, "sk": FLEET_SETTINGS_SK}
    return {"pk": device_pk(device_id), "sk": ALERT_SETTINGS_SK}


class AlertSettingsStore:
    """Reads and changes stored settings. In every method, None stands for the fleet.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    """

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def read(self, device_id: str | None) -> StoredSettings:
        """Return the stored settings of one level."""
        answer = self._client.get_item(
            TableName=self._table_name,
            Key=to_attributes(settings_key(device_id)),
            ConsistentRead=True,
        )
        return parse_stored(from_attributes(answer["Item"]) if "Item" in answer else None)

    def replace(self, device_id: str | None, values: Mapping[str, Any], now: datetime) -> None:
        """Store `values` instead of everything stored at this level."""
        item = encode(values) | {"updated_at": format_time(now)} | settings_key(device_id)
        self._client.put_item(TableName=self._table_name, Item=to_attributes(item))

    def pause(self, device_id: str, until: datetime, now: datetime) -> None:
        """Suspend the alerts of a device until `until`; a later end that is stored stays."""
        try:
            self._client.update_item(
                TableName=self._table_name,
                Key=to_attributes(settings_key(device_id)),
                UpdateExpression=(
                    "SET suspended_until = :until, paused_by_link = :until, updated_at = :now"
                ),
                ConditionExpression=(
                    "attribute_not_exists(suspended_until) OR suspended_until < :until"
                    " OR attribute_type(suspended_until, :null)"
                ),
                ExpressionAttributeValues=to_attributes(
                    {":until": format_time(until), ":now": format_time(now), ":null": "NULL"}
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def resume(self, device_id: str, now: datetime) -> None:
        """End the suspension of a device if :meth:`pause` made it."""
        try:
            self._client.update_item(
                TableName=self._table_name,
                Key=to_attributes(settings_key(device_id)),
                UpdateExpression="REMOVE suspended_until, paused_by_link SET updated_at = :now",
                ConditionExpression="suspended_until = paused_by_link",
                ExpressionAttributeValues=to_attributes({":now": format_time(now)}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return
