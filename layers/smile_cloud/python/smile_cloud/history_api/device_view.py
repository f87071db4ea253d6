"""How the API shows a device."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from smile_cloud.device_registry.condition import Graces, condition_of
from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.status_message import StatusMessage
from smile_cloud.sequence.sequence import Sequence
from smile_contract import format_time

# The answer has them in other places.
_LEFT_OUT: Final = ("schema_version", "device_id", "status")
_MILLISECOND: Final = timedelta(milliseconds=1)


def device_view(device: Device, now: datetime, graces: Graces) -> dict[str, Any]:
    """Return a device as a JSON-ready document."""
    condition = condition_of(device, now, graces)
    latest = device.latest
    return {
        "device_id": device.device_id,
        "state": str(condition.state),
        "since": _text(condition.since),
        "first_seen_at": _text(device.first_seen),
        "last_seen_at": _text(device.last_seen),
        "clock_offset_ms": None if latest is None else latest.clock_offset // _MILLISECOND,
        "clock_rejected_events": device.clock_rejected,
        "duplicate_client_id_at": _text(device.duplicate_at),
        "heartbeat": None if latest is None else _heartbeat(latest),
    }


def sequence_view(sequence: Sequence) -> dict[str, Any]:
    """Return which events of a device have arrived, as a JSON-ready document."""
    return {
        "first_seq": sequence.first,
        "last_seq": sequence.last,
        "received_events": sequence.received,
        "duplicate_events": sequence.duplicates,
        "late_events": sequence.late,
        "missing_events": sequence.missing,
        "missing_ranges": [list(gap) for gap in sequence.gaps],
        "missing_untracked": sequence.untracked,
        "resets": sequence.resets,
        "reset_at": _text(sequence.reset_at),
    }


def _heartbeat(message: StatusMessage) -> dict[str, Any]:
    fields = message.heartbeat.to_dict()
    return {name: value for name, value in fields.items() if name not in _LEFT_OUT}


def _text(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)
