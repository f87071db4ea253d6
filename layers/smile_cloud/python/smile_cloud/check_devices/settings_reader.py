"""The alert settings of the devices that a check is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_settings.stored import StoredSettings, merge, parse_stored
from smile_cloud.batches import get_items
from smile_cloud.keys import ALERT_SETTINGS_SK, ALERTS_PK, FLEET_SETTINGS_SK, device_pk

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_FLEET_KEY = (ALERTS_PK, FLEET_SETTINGS_SK)


class SettingsReader:
    """Reads settings, those of the fleet once for each check.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    defaults : AlertSettings
        Settings that hold while nobody has stored others.
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        defaults: AlertSettings,
        sleep: Callable[[float], None],
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._defaults = defaults
        self._sleep = sleep

    def of_fleet(self) -> AlertSettings:
        """Return the settings of the fleet."""
        return merge(self._defaults, self._stored([])[0])

    def of_devices(self, device_ids: Sequence[str]) -> dict[str, AlertSettings]:
        """Return the settings of devices by their ids."""
        fleet, own = self._stored(device_ids)
        return {
            one: merge(self._defaults, fleet, stored)
            for one, stored in zip(device_ids, own, strict=True)
        }

    def _stored(self, device_ids: Sequence[str]) -> tuple[StoredSettings, list[StoredSettings]]:
        own = [(device_pk(one), ALERT_SETTINGS_SK) for one in device_ids]
        what = "alert settings"
        found = get_items(
            self._client, self._table_name, [_FLEET_KEY, *own], what, sleep=self._sleep
        )
        return parse_stored(found.get(_FLEET_KEY)), [parse_stored(found.get(key)) for key in own]
