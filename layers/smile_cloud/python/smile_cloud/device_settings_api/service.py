"""``device_settings_api``: show and change the settings of a device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smile_cloud import clients
from smile_cloud.device_registry.directory import DeviceDirectory
from smile_cloud.device_settings_api.flat import nested
from smile_cloud.device_settings_api.settings import DeviceSettingsApiSettings
from smile_cloud.device_settings_api.shadow import SettingsShadow
from smile_cloud.device_settings_api.shadow_store import ShadowStore
from smile_cloud.http.errors import NotFoundError


class DeviceSettingsApiService:
    """Answers requests for the settings of a device.

    Parameters
    ----------
    directory : DeviceDirectory
        Knows which devices there are: AWS IoT takes a shadow for any name.
    shadows : ShadowStore
    """

    def __init__(self, directory: DeviceDirectory, shadows: ShadowStore) -> None:
        self._directory = directory
        self._shadows = shadows

    @classmethod
    def from_settings(cls, settings: DeviceSettingsApiSettings) -> DeviceSettingsApiService:
        """Return the service with the AWS clients of this execution environment."""
        return cls(
            DeviceDirectory(clients.dynamodb(), settings.table_name),
            ShadowStore(clients.iot_data()),
        )

    def get(self, device_id: str) -> dict[str, Any]:
        """Return the document of a device's settings.

        Raises
        ------
        NotFoundError
            When no heartbeat of the device has arrived, or it is forgotten.
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed.
        """
        self._check_known(device_id)
        return _document(device_id, self._shadows.read(device_id))

    def change(self, device_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change what is wanted; return the document of :meth:`get`.

        Parameters
        ----------
        device_id : str
        changes : Mapping
            By dotted key; None removes a setting.

        Raises
        ------
        NotFoundError, ConflictError, botocore.exceptions.ClientError, \
        botocore.exceptions.BotoCoreError
            As :meth:`get`.
        BodyError, TooLargeError
            When the changes are not possible.
        """
        self._check_known(device_id)
        return _document(device_id, self._shadows.change(device_id, changes))

    def _check_known(self, device_id: str) -> None:
        if self._directory.get(device_id) is None:
            raise NotFoundError(
                f"No heartbeat of device {device_id} has arrived, or the last one was too long "
                "ago; GET /v1/devices lists the devices."
            )


def _document(device_id: str, shadow: SettingsShadow) -> dict[str, Any]:
    waiting = shadow.waiting
    return {
        "device_id": device_id,
        "is_applied": not waiting and not shadow.rejected,
        "desired": nested(shadow.desired),
        "reported": None if shadow.reported is None else nested(shadow.reported),
        "waiting": waiting,
        "rejected": shadow.rejected,
        "version": shadow.version,
    }
