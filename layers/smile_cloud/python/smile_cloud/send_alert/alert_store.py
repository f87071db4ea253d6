"""The items that decide about an event: read together, and changed together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_settings.stored import merge, parse_stored
from smile_cloud.attributes import to_attributes
from smile_cloud.batches import Key, get_items
from smile_cloud.erasure.erased import Erased, erased_key
from smile_cloud.keys import (
    ALERT_SETTINGS_SK,
    ALERT_SK,
    ALERTS_PK,
    FLEET_SETTINGS_SK,
    TOPIC_SK,
    alert_marker_sk,
    device_pk,
)
from smile_cloud.send_alert.alert_items import (
    device_fields,
    device_of,
    marker_fields,
    marker_of,
    sent_update,
)
from smile_cloud.send_alert.alert_policy import Plan, Stored
from smile_cloud.send_alert.alert_state import Claim, DeviceAlerts, Handled, Marker
from smile_cloud.topic_window import TopicWindow
from smile_cloud.transactions import try_transaction
from smile_contract import SmileEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# Far longer than the longest cooldown that the settings allow (a day).
_DEVICE_RETENTION: Final = timedelta(days=30)
_FLEET_KEY: Final = (ALERTS_PK, FLEET_SETTINGS_SK)
_WINDOW_KEY: Final = (ALERTS_PK, TOPIC_SK)


class AlertStore:
    """Reads and writes what `alert_policy` decides with.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    defaults : AlertSettings
        Settings that hold while nobody has stored others.
    marker_retention : timedelta
        How long after its start a smile may still get an alert.
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        *,
        defaults: AlertSettings,
        marker_retention: timedelta,
        sleep: Callable[[float], None],
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._defaults = defaults
        self._marker_retention = marker_retention
        self._sleep = sleep

    def fleet_settings(self) -> AlertSettings:
        """Return the settings of the fleet."""
        return merge(self._defaults, parse_stored(self._get([_FLEET_KEY]).get(_FLEET_KEY)))

    def read(self, event: SmileEvent) -> tuple[AlertSettings, Stored]:
        """Return the settings of the event's device, and what is stored about the event."""
        pk = device_pk(event.device_id)
        own_key, marker_key, device_key, erased = (
            (pk, ALERT_SETTINGS_SK),
            _marker_key(event),
            (pk, ALERT_SK),
            erased_key(event.device_id),
        )
        found = self._get([_FLEET_KEY, own_key, marker_key, device_key, erased, _WINDOW_KEY])
        settings = merge(
            self._defaults, parse_stored(found.get(_FLEET_KEY)), parse_stored(found.get(own_key))
        )
        window = TopicWindow.from_item(found.get(_WINDOW_KEY))
        return settings, Stored(
            marker_of(found.get(marker_key)),
            device_of(found.get(device_key)),
            window,
            is_erased=Erased.from_item(found.get(erased)).covers(event.started_at),
        )

    def write(
        self,
        plan: Plan,
        stored: Stored,
        event: SmileEvent,
        now: datetime,
        extra: Sequence[TransactWriteItemTypeDef] = (),
    ) -> frozenset[str]:
        """Store what `plan` changes, together with `extra`.

        Return why nothing was stored, empty when all was: the table is throttled, another attempt
        has changed one of the items, or this attempt has stored them already and lost the answer.
        """
        writes = list(extra)
        if plan.marker is not None:
            writes.append(self._marker_write(plan.marker, stored.marker, event))
        if plan.device is not None:
            writes.append(self._device_write(plan.device, event.device_id, now))
        if plan.window is not None:
            writes.append({"Put": plan.window.put(self._table_name, now)})
        return try_transaction(self._client, writes) if writes else frozenset()

    def record_sent(
        self, event: SmileEvent, claimed: Marker, claim: Claim, now: datetime
    ) -> frozenset[str]:
        """Store that the alert of a claim was sent.

        Return why nothing was stored, empty when all was.
        """
        sent = Marker(claimed.token, Handled.SENT, claim.level)
        update: Any = {
            "TableName": self._table_name,
            "Key": to_attributes({"pk": device_pk(event.device_id), "sk": ALERT_SK}),
            **sent_update(event.event_id, claim.level, now),
        }
        return try_transaction(
            self._client, [self._marker_write(sent, claimed, event), {"Update": update}]
        )

    def _marker_write(
        self, marker: Marker, before: Marker | None, event: SmileEvent
    ) -> TransactWriteItemTypeDef:
        expires_at = int((event.started_at + self._marker_retention).timestamp())
        pk, sk = _marker_key(event)
        fields = marker_fields(marker) | {"pk": pk, "sk": sk, "expires_at": expires_at}
        put: dict[str, Any] = {"TableName": self._table_name, "Item": to_attributes(fields)}
        if before is None:
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            # A token names an attempt, which writes a marker twice: with a claim and without it.
            claimed = "exists" if before.claim is not None else "not_exists"
            put["ConditionExpression"] = f"#token = :token AND attribute_{claimed}(claim)"
            put["ExpressionAttributeNames"] = {"#token": "token"}
            put["ExpressionAttributeValues"] = to_attributes({":token": before.token})
        return {"Put": put}  # type: ignore[typeddict-item]

    def _device_write(
        self, device: DeviceAlerts, device_id: str, now: datetime
    ) -> TransactWriteItemTypeDef:
        fields = device_fields(device) | {
            "pk": device_pk(device_id),
            "sk": ALERT_SK,
            "expires_at": int((now + _DEVICE_RETENTION).timestamp()),
        }
        return {
            "Put": {
                "TableName": self._table_name,
                "Item": to_attributes(fields),
                "ConditionExpression": "attribute_not_exists(pk) OR version = :version",
                "ExpressionAttributeValues": to_attributes({":version": device.version - 1}),
            }
        }

    def _get(self, keys: Sequence[Key]) -> dict[Key, Mapping[str, Any]]:
        """Return the items that exist, by key."""
        what = "alert settings and states"
        return get_items(self._client, self._table_name, keys, what, sleep=self._sleep)


def _marker_key(event: SmileEvent) -> Key:
    return device_pk(event.device_id), alert_marker_sk(event.event_id)
