"""The MQTT topics of a device."""

from __future__ import annotations

from smile_contract.errors import ContractError
from smile_contract.ids import is_device_id


def _topic(device_id: str, leaf: str) -> str:
    if not is_device_id(device_id):
        raise ContractError(
            "device_id", f"expected 1 to 128 of a-z A-Z 0-9 : _ -, got {device_id[:40]!r}"
        )
    return f"smile/{device_id}/{leaf}"


def events_topic(device_id: str) -> str:
    """Return the topic that smile events of `device_id` are published on."""
    return _topic(device_id, "events")


def status_topic(device_id: str) -> str:
    """Return the topic of `device_id`'s heartbeat and last will."""
    return _topic(device_id, "status")
