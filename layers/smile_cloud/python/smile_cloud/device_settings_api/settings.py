"""The environment variables of ``device_settings_api``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smile_cloud import environment


@dataclass(frozen=True, slots=True)
class DeviceSettingsApiSettings:
    """What ``device_settings_api`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    """

    table_name: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> DeviceSettingsApiSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        return cls(environment.table_name(variables))
