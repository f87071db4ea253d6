"""How each device is, as the registry knows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from smile_cloud.alert_messages.device import Trouble
from smile_cloud.check_devices.state import DeviceView, Down
from smile_cloud.device_registry.condition import DeviceState, Graces, condition_of
from smile_cloud.device_registry.device import Device

# The grace times come later: an outage counts devices that have only just stopped, too.
_NO_GRACE: Final = Graces(timedelta(0), timedelta(0))
_TROUBLES: Final[dict[DeviceState, Trouble]] = {
    DeviceState.OFFLINE: "offline",
    DeviceState.SILENT: "offline",
    DeviceState.BLIND: "blind",
}


def device_views(devices: Iterable[Device], now: datetime) -> list[DeviceView]:
    """Return how the devices are at `now`, without those that were never seen."""
    views = []
    for device in devices:
        latest, seen_at = device.latest, device.last_seen
        if latest is None or seen_at is None:
            continue
        condition = condition_of(device, now, _NO_GRACE)
        trouble = _TROUBLES.get(condition.state)
        views.append(
            DeviceView(
                device_id=device.device_id,
                seen_at=seen_at,
                down=Down(trouble, condition.since) if trouble and condition.since else None,
                camera=latest.heartbeat.camera,
                paused=latest.heartbeat.paused or False,
            )
        )
    return views
