"""A heartbeat or a last will, with the time of its arrival."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from smile_contract import Heartbeat

# What the clock of a device may be ahead; see `smile_cloud.clock_limits`.
_AHEAD: Final = timedelta(minutes=5)
# A broker drops a heartbeat that is older than ten minutes; `edge_lambda.health.reporter`.
_BEHIND: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """What a device has published on its status topic.

    Attributes
    ----------
    heartbeat : Heartbeat
    received_at : datetime
        When the IoT rule received it, UTC.
    """

    heartbeat: Heartbeat
    received_at: datetime

    @property
    def clock_offset(self) -> timedelta:
        """How far the clock of the device is ahead, minus the time that the message travelled."""
        return self.heartbeat.sent_at - self.received_at

    @property
    def has_good_clock(self) -> bool:
        """Whether `sent_at` may be right."""
        return -_BEHIND <= self.clock_offset <= _AHEAD

    @property
    def at(self) -> datetime:
        """When the device sent it; when it arrived if the clock of the device is wrong.

        A device that starts with the year 1970 would otherwise be older than its own past.
        """
        return self.heartbeat.sent_at if self.has_good_clock else self.received_at

    @property
    def connected_at(self) -> datetime | None:
        """When the device connected; None if that is unknown or if its clock has been set since.

        The program connects after its start, so an earlier time is of another clock.
        """
        beat = self.heartbeat
        at = beat.connected_at
        if at is None or not self.has_good_clock:
            return None
        started_at = beat.sent_at - timedelta(milliseconds=beat.uptime_ms)
        return at if started_at - _AHEAD <= at <= beat.sent_at + _AHEAD else None

    @property
    def stopped_at(self) -> datetime | None:
        """`sent_at` of a message that says offline, None if it lies after its arrival.

        It ends the connections that the device opened up to this time.
        """
        sent_at = self.heartbeat.sent_at
        return sent_at if sent_at - self.received_at <= _AHEAD else None

    @property
    def rank(self) -> tuple[datetime, int, datetime, str]:
        """Order in which the device sent its messages; equal for equal messages only."""
        beat = self.heartbeat
        return self.at, beat.uptime_ms, self.received_at, json.dumps(beat.to_dict(), sort_keys=True)
