"""What ``send_alert`` remembers: about each event, and about each device.

A claim marks an alert that is being sent. It holds off other invocations until the alert is
recorded as sent, and expires when the function stops before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from smile_cloud.alert_settings.model import Level

# Longer than the function's timeout (30 s), so nobody takes over an alert that may still be sent.
# Shorter than the visibility timeout of the queue (180 s), so a repeated message finds it expired.
CLAIM_DURATION: Final = timedelta(seconds=35)
HOUR: Final = timedelta(hours=1)


class Handled(StrEnum):
    """What was done about an event."""

    SENT = "sent"
    SUPPRESSED = "suppressed"
    DIGESTED = "digested"


@dataclass(frozen=True, slots=True)
class Claim:
    """An alert that is being sent.

    Attributes
    ----------
    level : str
        ``likely`` or ``sure``.
    at : datetime
        When an invocation claimed it, UTC.
    """

    level: Level
    at: datetime

    def is_live(self, now: datetime) -> bool:
        """Return whether the claimant may still be sending."""
        return now < self.at + CLAIM_DURATION


@dataclass(frozen=True, slots=True)
class Marker:
    """What was done about one event.

    Attributes
    ----------
    token : str
        Names the attempt that last wrote this marker.
    handled : Handled or None
        None while its first alert is being sent.
    level : str or None
        Highest level that was handled.
    counted_in : int
        Number of the count of suppressed smiles that includes the event; 0 when none does.
    claim : Claim or None
        The alert that is being sent.
    """

    token: str = ""
    handled: Handled | None = None
    level: Level | None = None
    counted_in: int = 0
    claim: Claim | None = None

    def covers(self, level: Level) -> bool:
        """Return whether an event of this level needs nothing more."""
        return self.level in ("sure", level)


NO_MARKER: Final = Marker()


@dataclass(frozen=True, slots=True)
class DeviceClaim:
    """A claim as the state of its device holds it.

    Attributes
    ----------
    claim : Claim
    reported : int
        How many suppressed smiles the alert reports.
    since : datetime or None
        When the first of them was suppressed.
    """

    claim: Claim
    reported: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeviceAlerts:
    """The alerts of one device.

    Attributes
    ----------
    version : int
        Counts the changes; 0 when nothing is stored.
    last_sent_at, last_sure_at : datetime or None
        When the last alert was sent, and the last one about a sure smile.
    sent_at : tuple of datetime
        Alerts of the last hour, oldest first.
    suppressed : int
        Smiles without an alert that no alert reports yet.
    suppressed_since : datetime or None
        When the first of them was suppressed.
    count_number : int
        Numbers the counts: each alert that reports one starts the next.
    claims : Mapping of str to DeviceClaim
        The alerts that are being sent, by event id.
    """

    version: int = 0
    last_sent_at: datetime | None = None
    last_sure_at: datetime | None = None
    sent_at: tuple[datetime, ...] = ()
    suppressed: int = 0
    suppressed_since: datetime | None = None
    count_number: int = 1
    claims: Mapping[str, DeviceClaim] = field(default_factory=lambda: MappingProxyType({}))

    def last_at(self, level: Level) -> datetime | None:
        """Return when the last alert was sent that holds back an alert of this level."""
        return self.last_sure_at if level == "sure" else self.last_sent_at

    def sent_since(self, start: datetime) -> int:
        """Return how many alerts were sent after `start`."""
        return sum(at > start for at in self.sent_at)

    def without_expired(self, now: datetime, event_id: str) -> DeviceAlerts:
        """Return the state without expired claims and without any claim of `event_id`.

        The smiles that their alerts would have reported are counted again.
        """
        live = {
            other: claim
            for other, claim in self.claims.items()
            if other != event_id and claim.claim.is_live(now)
        }
        lost = [claim for other, claim in self.claims.items() if other not in live]
        times = [self.suppressed_since, *(claim.since for claim in lost)]
        return replace(
            self,
            suppressed=self.suppressed + sum(claim.reported for claim in lost),
            suppressed_since=min((at for at in times if at is not None), default=None),
            claims=live,
        )

    def with_suppressed(self, now: datetime) -> DeviceAlerts:
        """Return the state that counts one more suppressed smile."""
        return replace(
            self,
            version=self.version + 1,
            suppressed=self.suppressed + 1,
            suppressed_since=self.suppressed_since or now,
        )

    def without_counted(self, counted_in: int) -> DeviceAlerts:
        """Return the state that no longer counts a smile which is about to get an alert itself.

        A smile that an alert has reported, or is about to report, stays reported.
        """
        if counted_in != self.count_number:
            return self
        left = self.suppressed - 1
        return replace(
            self,
            version=self.version + 1,
            suppressed=left,
            suppressed_since=self.suppressed_since if left else None,
        )

    def with_claim(self, event_id: str, claim: Claim, version: int) -> DeviceAlerts:
        """Return the state that holds a claim, whose alert reports the suppressed smiles.

        `version` is the one to store.
        """
        own = DeviceClaim(claim, self.suppressed, self.suppressed_since)
        return replace(
            self,
            version=version,
            sent_at=tuple(at for at in self.sent_at if at > claim.at - HOUR),
            suppressed=0,
            suppressed_since=None,
            count_number=self.count_number + 1,
            claims={**self.claims, event_id: own},
        )
