"""Heartbeats, last wills and presence events of one device, at seconds after a noon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.presence import PresenceEvent
from smile_cloud.device_registry.status_message import StatusMessage
from smile_contract import Heartbeat, format_time
from tests.helpers.wire_samples import HEARTBEAT

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def status(
    sent_s: float, *, received_s: float | None = None, connected_s: float | None = None, **more: Any
) -> StatusMessage:
    """Return a heartbeat; it arrives at once, and its program has run for an hour."""
    fields = HEARTBEAT | {"sent_at": format_time(at(sent_s)), "uptime_ms": 3_600_000} | more
    if connected_s is not None:
        fields["connected_at"] = format_time(at(connected_s))
    received_at = at(sent_s if received_s is None else received_s)
    return StatusMessage(Heartbeat.from_dict(fields), received_at)


def beat(sent_s: float, **more: Any) -> Device:
    """Return what a heartbeat says."""
    return Device.of_status(status(sent_s, **more))


def offline(sent_s: float, **more: Any) -> Device:
    """Return what a last will or an orderly stop says."""
    return Device.of_status(status(sent_s, status="offline", **more))


def presence(
    at_s: float, version: int, *, is_connected: bool, session: str | None = None
) -> PresenceEvent:
    return PresenceEvent(
        at=at(at_s),
        version=version,
        is_connected=is_connected,
        session=f"session-{version}" if session is None else session,
    )


def connected(at_s: float, version: int) -> Device:
    """Return what the event of a new connection says."""
    return Device.of_presence("cam-1", presence(at_s, version, is_connected=True))


def disconnected(at_s: float, version: int) -> Device:
    """Return what the event of an ended connection says."""
    return Device.of_presence("cam-1", presence(at_s, version, is_connected=False))


def joined(*seen: Device) -> Device:
    """Return what is known of the device after these messages."""
    first, *others = seen
    for one in others:
        first = first.join(one)
    return first
