"""The DEVICE item: what is known of a device as JSON-ready fields, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.presence import PresenceEvent
from smile_cloud.device_registry.status_message import StatusMessage
from smile_contract import ContractError, Heartbeat, format_time, parse_time

TIMES: Final = (
    "first_seen",
    "last_seen",
    "good_picture_at",
    "stopped_at",
    "stop_received_at",
    "duplicate_at",
)
# The key of the item says which device it is, and only messages that say online are kept.
_KNOWN: Final = ("schema_version", "device_id", "status")


def to_fields(device: Device) -> dict[str, Any]:
    """Return what is known of a device as fields of its item, None for what is not known.

    The count of rejected events is not among them: `store_event` adds to it.
    """
    times = {name: getattr(device, name) for name in TIMES}
    fields: dict[str, Any] = {
        name: None if at is None else format_time(at) for name, at in times.items()
    }
    return fields | {
        "latest": None if device.latest is None else _heartbeat_fields(device.latest),
        "presence": [_presence_fields(event) for event in device.presence] or None,
    }


def from_fields(device_id: str, fields: Mapping[str, Any]) -> Device:
    """Return what the item of a device says."""
    latest = fields.get("latest")
    times = {name: _time(fields.get(name)) for name in TIMES}
    return Device(
        device_id=device_id,
        latest=None if latest is None else _status_message(device_id, latest),
        presence=tuple(_presence_event(event) for event in fields.get("presence") or ()),
        clock_rejected=fields.get("clock_rejected", 0),
        **times,
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def _heartbeat_fields(message: StatusMessage) -> dict[str, Any]:
    fields = message.heartbeat.to_dict()
    for name in _KNOWN:
        del fields[name]
    return fields | {"received_at": format_time(message.received_at)}


def _status_message(device_id: str, fields: Mapping[str, Any]) -> StatusMessage | None:
    """Return a stored heartbeat, without what this version of the code does not know.

    While a new version is rolled out or rolled back, both versions read what the other has written.
    """
    names = {field.name for field in dataclasses.fields(Heartbeat)}
    sent = {name: value for name, value in fields.items() if name in names}
    known = {"schema_version": 1, "device_id": device_id, "status": "online"}
    try:
        return StatusMessage(Heartbeat.from_dict(known | sent), parse_time(fields["received_at"]))
    except ContractError:
        return None


def _presence_fields(event: PresenceEvent) -> dict[str, Any]:
    return {
        "at": format_time(event.at),
        "version": event.version,
        "is_connected": event.is_connected,
        "session": event.session,
    }


def _presence_event(fields: Mapping[str, Any]) -> PresenceEvent:
    return PresenceEvent(**{**fields, "at": parse_time(fields["at"])})
