"""``alerts_api``: read and change alert settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from smile_cloud import clients
from smile_cloud.alert_settings.fields import DEVICE_ONLY, encode, to_document
from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_settings.store import AlertSettingsStore
from smile_cloud.alert_settings.stored import NOTHING_STORED, merge, origins
from smile_cloud.alerts_api.settings import AlertsApiSettings
from smile_contract import format_time


class AlertsApiService:
    """Answers requests for alert settings. In every method, None stands for the fleet.

    Parameters
    ----------
    defaults : AlertSettings
        The settings that hold while nobody has stored others.
    store : AlertSettingsStore
    clock : callable
        Returns the current time, UTC.
    """

    def __init__(
        self,
        defaults: AlertSettings,
        store: AlertSettingsStore,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._defaults = defaults
        self._store = store
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: AlertsApiSettings) -> AlertsApiService:
        """Return the service with the AWS client of this execution environment."""
        store = AlertSettingsStore(clients.dynamodb(), settings.table_name)
        return cls(settings.defaults, store)

    def get(self, device_id: str | None) -> dict[str, Any]:
        """Return the settings in effect, what is stored, and where each value comes from."""
        fleet = self._store.read(None)
        device = self._store.read(device_id) if device_id is not None else NOTHING_STORED
        hidden = DEVICE_ONLY if device_id is None else frozenset()
        own = fleet if device_id is None else device
        effective = to_document(merge(self._defaults, fleet, device))
        sources = origins(fleet, device)
        updated_at = own.updated_at
        return {
            "settings": {name: effective[name] for name in effective if name not in hidden},
            "stored": encode(own.values),
            "from": {name: sources[name] for name in effective if name not in hidden},
            "updated_at": format_time(updated_at) if updated_at is not None else None,
        }

    def put(self, device_id: str | None, values: Mapping[str, Any]) -> dict[str, Any]:
        """Store `values` instead of what is stored; return the answer of :meth:`get`."""
        self._store.replace(device_id, values, self._clock())
        return self.get(device_id)
