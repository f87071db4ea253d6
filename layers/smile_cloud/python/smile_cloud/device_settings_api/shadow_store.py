"""Read and change the named shadow `settings` of a device.

A change names the version of the shadow that was checked, so AWS IoT refuses it when another
change or a report of the device came first. It is then checked against the new version.
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-data-flow.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from smile_cloud.device_settings_api.flat import nested
from smile_cloud.device_settings_api.requests import check_thresholds
from smile_cloud.device_settings_api.shadow import SettingsShadow
from smile_cloud.errors import ConflictError
from smile_cloud.http.errors import TooLargeError
from smile_cloud.retry import attempts
from smile_contract.device_settings import SETTINGS_SHADOW

_NO_SHADOW: Final = "ResourceNotFoundException"
_CHANGED_MEANWHILE: Final = "ConflictException"
_TOO_LARGE: Final = "RequestEntityTooLargeException"


class ShadowStore:
    """Reads and changes shadows.

    Parameters
    ----------
    client : IoTDataPlaneClient
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(self, client: Any, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    def read(self, device_id: str) -> SettingsShadow:
        """Return the shadow of a device; an empty one when there is none."""
        try:
            answer = self._client.get_thing_shadow(thingName=device_id, shadowName=SETTINGS_SHADOW)
        except ClientError as error:
            if _code(error) == _NO_SHADOW:
                return SettingsShadow()
            raise
        return SettingsShadow.from_document(json.loads(answer["payload"].read()))

    def change(self, device_id: str, changes: Mapping[str, Any]) -> SettingsShadow:
        """Change what is wanted, and return the shadow with the changes.

        Nothing is written when the shadow has the wanted values already. So a change whose answer
        was lost is not written again.

        Parameters
        ----------
        device_id : str
        changes : Mapping
            By dotted key; None removes a setting.

        Raises
        ------
        BodyError
            When the thresholds do not go together.
        TooLargeError
            When the shadow has no room.
        ConflictError
            When others changed the shadow before every attempt.
        """
        for _ in attempts(self._sleep):
            before = self.read(device_id)
            after = before.after(changes)
            check_thresholds(changes, {**before.kept(changes), **after.desired})
            if after.desired == before.desired:
                return before
            version = self._update(device_id, changes, before.version)
            if version is not None:
                return after.at(version)
        raise ConflictError(f"settings of device {device_id}", {_CHANGED_MEANWHILE})

    def _update(
        self, device_id: str, changes: Mapping[str, Any], version: int | None
    ) -> int | None:
        """Return the new version; None when the shadow has another version than expected."""
        request: dict[str, Any] = {"state": {"desired": nested(changes)}}
        if version is not None:
            request["version"] = version
        try:
            answer = self._client.update_thing_shadow(
                thingName=device_id,
                shadowName=SETTINGS_SHADOW,
                payload=json.dumps(request, separators=(",", ":")).encode(),
            )
        except ClientError as error:
            if _code(error) == _CHANGED_MEANWHILE:
                return None
            if _code(error) == _TOO_LARGE:
                raise TooLargeError(
                    "The shadow of the device has at most 8 KB; remove zones from it first."
                ) from error
            raise
        return int(json.loads(answer["payload"].read())["version"])


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
