"""The state of a device at a given time. It is computed when it is read, never stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from smile_cloud import environment
from smile_cloud.device_registry.device import BLIND_STATES, Device
from smile_cloud.device_registry.presence import ACCURACY
from smile_cloud.device_registry.status_message import StatusMessage

# What `edge_lambda` uses if nobody sets health.interval_s; old programs do not send it.
_DEFAULT_INTERVAL: Final = timedelta(seconds=60)
# One lost heartbeat is a matter of the network, and the next one may be late.
_MISSED: Final = 3
_LEAST_S: Final = 1
_DAY_S: Final = 86_400


class DeviceState(StrEnum):
    """How a device is; the first one that applies, in this order."""

    OFFLINE = "offline"
    """The device, its broker or AWS IoT says that it is not connected."""
    SILENT = "silent"
    """No heartbeat has arrived for too long."""
    PAUSED = "paused"
    """It looks for no faces, because somebody wants so."""
    BLIND = "blind"
    """Its camera has shown nothing of use for too long."""
    ONLINE = "online"


@dataclass(frozen=True, slots=True)
class Graces:
    """How long a fault may last before it counts.

    Attributes
    ----------
    silent : timedelta
        Time without a heartbeat; at least three intervals of the device.
    blind : timedelta
        Time without a good picture.
    """

    silent: timedelta
    blind: timedelta

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Graces:
        """Return the graces in ``DEVICE_GRACE_SECONDS`` and ``BLIND_GRACE_SECONDS``, 1 to 86400.

        Raises
        ------
        SettingsError
            Names the first variable that is missing or has an unusable value.
        """
        silent, blind = (
            environment.seconds(variables, name, low=_LEAST_S, high=_DAY_S)
            for name in ("DEVICE_GRACE_SECONDS", "BLIND_GRACE_SECONDS")
        )
        return cls(silent, blind)


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of a device.

    Attributes
    ----------
    state : DeviceState
    since : datetime or None
        Since when it is offline, silent or blind, by the clock of AWS; None for other states.
    """

    state: DeviceState
    since: datetime | None = None


def condition_of(device: Device, now: datetime, graces: Graces) -> Condition:
    """Return the state of a device at `now`."""
    ended_at = _ended_at(device)
    if ended_at is not None:
        return Condition(DeviceState.OFFLINE, ended_at)
    latest, last_seen = device.latest, device.last_seen
    if latest is None or last_seen is None:
        return Condition(DeviceState.ONLINE)
    if now - last_seen > max(graces.silent, _MISSED * _interval(latest)):
        return Condition(DeviceState.SILENT, last_seen)
    if latest.heartbeat.paused:
        return Condition(DeviceState.PAUSED)
    blind_since = _blind_since(latest, device.good_picture_at)
    if blind_since is not None and now - blind_since > graces.blind:
        return Condition(DeviceState.BLIND, blind_since)
    return Condition(DeviceState.ONLINE)


def _ended_at(device: Device) -> datetime | None:
    """Return when the last connection ended, None while it is open."""
    latest, stop_received_at = device.latest, device.stop_received_at
    if stop_received_at is not None and (latest is None or _is_stopped(device, latest)):
        return stop_received_at
    event = device.newest_presence
    if event is None or event.is_connected:
        return None
    is_older = latest is not None and latest.received_at > event.at + ACCURACY
    return None if is_older else event.at


def _is_stopped(device: Device, latest: StatusMessage) -> bool:
    """Return whether a message that says offline ends the connection of the latest heartbeat.

    A last will is dated at the opening of its connection. So that of an earlier connection does not
    end a later one, even if it arrives last. Without the time of the connection, or with a clock
    that was set in the meantime, the order of arrival counts.
    """
    if latest.connected_at is not None:
        return device.stopped_at is not None and device.stopped_at >= latest.connected_at
    return device.stop_received_at is not None and device.stop_received_at >= latest.received_at


def _blind_since(latest: StatusMessage, good_picture_at: datetime | None) -> datetime | None:
    """Return since when there is no good picture, None when the newest one is good.

    That is since the last heartbeat with a good one, or since the start of the program: a camera
    may start slower than the program.
    """
    if latest.heartbeat.camera not in BLIND_STATES:
        return None
    lasts = timedelta(milliseconds=latest.heartbeat.uptime_ms)
    if good_picture_at is not None:
        lasts = min(lasts, latest.at - good_picture_at)
    return latest.received_at - lasts


def _interval(message: StatusMessage) -> timedelta:
    seconds = message.heartbeat.interval_s
    return _DEFAULT_INTERVAL if seconds is None else timedelta(seconds=seconds)
