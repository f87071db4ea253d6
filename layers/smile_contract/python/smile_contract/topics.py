"""The MQTT topics of a device."""

from __future__ import annotations

from smile_contract.ids import DEVICE_ID


def events_topic(device_id: str) -> str:
    """Return the topic on which `device_id` publishes smile events."""
    return f"smile/{DEVICE_ID.decode(device_id, 'device_id')}/events"


def status_topic(device_id: str) -> str:
    """Return the topic of the heartbeat and the last will of `device_id`."""
    return f"smile/{DEVICE_ID.decode(device_id, 'device_id')}/status"
