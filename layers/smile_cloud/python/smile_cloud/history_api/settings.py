"""The environment variables of ``history_api``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from smile_cloud import environment
from smile_cloud.device_registry.condition import Graces


@dataclass(frozen=True, slots=True)
class HistoryApiSettings:
    """What ``history_api`` reads from its environment.

    Attributes
    ----------
    table_name : str
        ``TABLE_NAME``.
    cursor_key : bytes
        ``CURSOR_KEY``, at least 32 characters; not part of ``repr``.
    graces : Graces
        ``DEVICE_GRACE_SECONDS`` and ``BLIND_GRACE_SECONDS``, 1 to 86400.
    """

    table_name: str
    cursor_key: bytes = field(repr=False)
    graces: Graces

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> HistoryApiSettings:
        """Return the settings.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        return cls(
            table_name=environment.table_name(variables),
            cursor_key=environment.secret(variables, "CURSOR_KEY"),
            graces=Graces.from_environment(variables),
        )
