"""Decide whether a smile gets an alert, from the throttle state of its device.

A smile gets one alert, sent for the first of its messages that arrives. After sending an alert a
device cools down: its next smiles are counted, and the next alert reports the count.

A lease marks an alert that is being sent. It keeps other invocations from sending at the same
time, is released when sending fails, and expires when the function crashes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from smile_contract import SmileEvent, uuid7_time

# Longer than the function's timeout (10 s), shorter than Lambda's first retry (1 minute):
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
LEASE_DURATION: Final = timedelta(seconds=15)
# Keep ids a little longer than smiles can alert: the clocks of execution environments differ.
_CLOCK_MARGIN: Final = timedelta(seconds=60)
# Keeps the item below 8 KB (8 write units) in front of a crowd.
MAX_SEEN_IDS: Final = 200


class AlertDecision(StrEnum):
    """What to do about a smile."""

    SEND = "send"
    COOLING_DOWN = "cooling_down"
    ALREADY_SEEN = "already_seen"
    IN_FLIGHT = "in_flight"
    TOO_OLD = "too_old"


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """The operator's settings.

    Attributes
    ----------
    cooldown : timedelta
        How long a device sends no other alert after one was sent.
    max_age : timedelta
        Smiles that started longer ago get no alert.
    """

    cooldown: timedelta
    max_age: timedelta


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send an alert.

    Attributes
    ----------
    event_id : str
        The smile of the alert.
    expires_at : datetime
    suppressed : int
        How many suppressed smiles the alert reports.
    """

    event_id: str
    expires_at: datetime
    suppressed: int


@dataclass(frozen=True, slots=True)
class AlertThrottle:
    """The throttle state of one device.

    Attributes
    ----------
    last_sent_at : datetime or None
        When the last alert was sent.
    suppressed : int
        Smiles without an alert that no alert has reported yet.
    seen_ids : tuple of str
        Ids of smiles that got an alert or were suppressed, oldest decision first.
    lease : Lease or None
        The alert that is being sent.
    """

    last_sent_at: datetime | None = None
    suppressed: int = 0
    seen_ids: tuple[str, ...] = ()
    lease: Lease | None = None

    def sent(self, event_id: str, now: datetime) -> AlertThrottle:
        """Return the state after sending the alert of `event_id`; itself without its lease."""
        if self.lease is None or self.lease.event_id != event_id:
            return self
        return replace(
            self,
            last_sent_at=now,
            suppressed=self.suppressed - self.lease.suppressed,
            seen_ids=_with_id(self.seen_ids, event_id),
            lease=None,
        )

    def released(self, event_id: str) -> AlertThrottle:
        """Return the state before the lease of `event_id`; itself without its lease."""
        if self.lease is None or self.lease.event_id != event_id:
            return self
        return replace(self, lease=None)


def decide(
    policy: AlertPolicy, throttle: AlertThrottle, event: SmileEvent, now: datetime
) -> tuple[AlertDecision, AlertThrottle]:
    """Return what to do about `event`, and the throttle state after this decision."""
    if now - event.started_at > policy.max_age:
        return AlertDecision.TOO_OLD, throttle
    if event.event_id in throttle.seen_ids:
        return AlertDecision.ALREADY_SEEN, throttle
    lease = throttle.lease
    if lease is not None and lease.expires_at <= now:
        lease = None
    if lease is not None and lease.event_id == event.event_id:
        return AlertDecision.IN_FLIGHT, throttle
    oldest = now - policy.max_age - _CLOCK_MARGIN
    seen_ids = tuple(seen for seen in throttle.seen_ids if uuid7_time(seen) >= oldest)
    last_sent_at = throttle.last_sent_at
    cooling_down = last_sent_at is not None and now < last_sent_at + policy.cooldown
    if lease is not None or cooling_down:
        return AlertDecision.COOLING_DOWN, replace(
            throttle,
            suppressed=throttle.suppressed + 1,
            seen_ids=_with_id(seen_ids, event.event_id),
        )
    lease = Lease(event.event_id, now + LEASE_DURATION, throttle.suppressed)
    return AlertDecision.SEND, replace(throttle, seen_ids=seen_ids, lease=lease)


def _with_id(seen_ids: tuple[str, ...], event_id: str) -> tuple[str, ...]:
    return (*seen_ids, event_id)[-MAX_SEEN_IDS:]
