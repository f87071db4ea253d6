"""How a device is, and what a check remembers about its reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from smile_cloud.alert_messages.device import DeviceKind, Trouble
from smile_cloud.alert_messages.fleet import FleetKind

Grace = dict[Trouble, timedelta]


@dataclass(frozen=True, slots=True)
class Down:
    """What is wrong with a device.

    Attributes
    ----------
    trouble : str
        ``offline`` or ``blind``.
    since : datetime
        UTC, by the clock of AWS.
    """

    trouble: Trouble
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """How a device is that has sent at least one heartbeat.

    Attributes
    ----------
    device_id : str
    seen_at : datetime
        When its latest heartbeat arrived, UTC, by the clock of AWS.
    down : Down or None
        What is wrong with it, however short; None when it works.
    camera : str or None
        State of the picture, as the heartbeat names it.
    paused : bool
    """

    device_id: str
    seen_at: datetime
    down: Down | None = None
    camera: str | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was reported about a device.

    Attributes
    ----------
    device_id : str
    down : Down
        The reported trouble, also when the device is back.
    back_at : datetime or None
        The sign of life that ended the trouble, UTC.
    camera : str or None
        State of the picture when the trouble was reported.
    paused : bool
        Whether the device was paused when it was back.
    outage_id : str or None
        The outage of the fleet whose messages report the device.
    pending : str or None
        Kind of an alert that is claimed and perhaps not sent yet.
    token : str
        Names the attempt that wrote this.
    """

    device_id: str
    down: Down
    back_at: datetime | None = None
    camera: str | None = None
    paused: bool = False
    outage_id: str | None = None
    pending: DeviceKind | None = None
    token: str = ""

    @property
    def is_down(self) -> bool:
        """Whether the device counts as offline or blind until it is reported as back."""
        return self.back_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Many devices that stopped within one grace time, and share their messages.

    Attributes
    ----------
    outage_id : str
    since, until : datetime
        A device that stops in this time belongs to the outage, UTC.
    cameras : int
        How many devices the last message named.
    fleet : int
        Devices that worked before.
    still_down : int
        How many the next message names as down; equal to `cameras` in the first one.
    named : tuple of str
        The first of these, while a message is pending.
    half_back_since : datetime or None
        Since when more than half of the devices are back, UTC.
    pending : str or None
        Kind of a message that is claimed and perhaps not sent yet.
    token : str
        Names the attempt that wrote this.
    """

    outage_id: str
    since: datetime
    until: datetime
    cameras: int
    fleet: int
    still_down: int
    named: tuple[str, ...] = ()
    half_back_since: datetime | None = None
    pending: FleetKind | None = None
    token: str = ""

    def covers(self, since: datetime) -> bool:
        """Return whether a device that stopped at `since` belongs to the outage."""
        return self.since <= since <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When to report.

    Attributes
    ----------
    grace : dict
        How long a trouble lasts before it is reported.
    outage_devices, outage_percent : int
        An outage has at least this many devices, and this share of the devices that worked.
    per_minute : int
        More devices than the topic takes messages in a minute are an outage too.
    """

    grace: Grace
    outage_devices: int
    outage_percent: int
    per_minute: int

    def is_outage(self, stopped: int, fleet: int) -> bool:
        """Return whether `stopped` of the `fleet` devices that worked share one message."""
        if stopped < self.outage_devices:
            return False
        return 100 * stopped >= self.outage_percent * fleet or stopped > self.per_minute
