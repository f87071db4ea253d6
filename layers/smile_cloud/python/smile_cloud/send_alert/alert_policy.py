"""Decide whether an event gets an alert, and what to remember about it.

An event may get two alerts: one when it is worth an alert, and one more (``smile_update``) when its
score passes `sure_score` later. So people who filter for sure smiles miss none, and people who
want one alert per smile leave out the kind ``smile_update``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from smile_cloud.alert_settings.model import AlertSettings, Level
from smile_cloud.clock_limits import MAX_AHEAD
from smile_cloud.send_alert.alert_state import (
    HOUR,
    NO_MARKER,
    Claim,
    DeviceAlerts,
    Handled,
    Marker,
)
from smile_cloud.topic_window import TopicWindow
from smile_contract import SmileEvent


class Decision(StrEnum):
    """What to do about an event."""

    SEND = "send"
    DIGEST = "digest"
    SUSPENDED = "suspended"
    QUIET_HOURS = "quiet_hours"
    COOLING_DOWN = "cooling_down"
    HOURLY_LIMIT = "hourly_limit"
    NOT_YET = "not_yet"
    ALREADY_HANDLED = "already_handled"
    IN_FLIGHT = "in_flight"
    TOO_OLD = "too_old"
    ERASED = "erased"


SUPPRESSED: Final = frozenset(
    {Decision.SUSPENDED, Decision.QUIET_HOURS, Decision.COOLING_DOWN, Decision.HOURLY_LIMIT}
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored when an event is decided.

    Attributes
    ----------
    marker : Marker or None
        About the event; None for a new one.
    device : DeviceAlerts
    window : TopicWindow
    is_erased : bool
        Whether someone has erased the event's device, or its part of the time.
    """

    marker: Marker | None
    device: DeviceAlerts
    window: TopicWindow
    is_erased: bool = False

    def after(self, plan: Plan) -> Stored:
        """Return what is stored once `plan` is."""
        return Stored(
            plan.marker or self.marker,
            plan.device or self.device,
            plan.window or self.window,
            self.is_erased,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """A decision, and what to store for it.

    Attributes
    ----------
    decision : Decision
    marker, device, window
        What to store; None means no change.
    is_update : bool
        Whether the event had an alert or stood in a digest before.
    suppressed : int
        How many suppressed smiles the alert reports.
    since : datetime or None
        When the first of them was suppressed.
    """

    decision: Decision
    marker: Marker | None = None
    device: DeviceAlerts | None = None
    window: TopicWindow | None = None
    is_update: bool = False
    suppressed: int = 0
    since: datetime | None = None


def is_recent(event: SmileEvent, received_at: datetime, now: datetime, max_age: timedelta) -> bool:
    """Return whether an event may get an alert at `now`.

    Its message must have arrived and the smile must have been seen at most `max_age` ago, by the
    device's clock. That clock may be 5 minutes ahead.
    """
    age = now - (event.ended_at or event.started_at)
    return now - received_at <= max_age and -MAX_AHEAD <= age <= max_age


def decide(
    settings: AlertSettings,
    stored: Stored,
    event: SmileEvent,
    now: datetime,
    *,
    token: str,
    per_minute: int,
) -> Plan:
    """Return what to do about a recent event.

    Parameters
    ----------
    settings : AlertSettings
        Those of its device.
    stored : Stored
    event : SmileEvent
    now : datetime
    token : str
        Names this attempt.
    per_minute : int
        How many messages the topic may get in any 60 s.
    """
    ignored = _ignored(settings, stored, event)
    if ignored is not None:
        return Plan(ignored)
    level, marker = settings.level(event.peak_score), stored.marker or NO_MARKER
    if marker.covers(level):
        return Plan(Decision.ALREADY_HANDLED)
    if marker.claim is not None and marker.claim.is_live(now):
        return Plan(Decision.IN_FLIGHT)
    device = stored.device.without_expired(now, event.event_id)
    reason = _held_back(settings, device, level, now)
    if reason is not None and marker.handled is not None:  # was counted or sent already
        done = replace(marker, token=token, level=level, claim=None)
        return Plan(Decision.ALREADY_HANDLED, marker=done)
    if reason is not None:
        device = device.with_suppressed(now)
        done = Marker(token, Handled.SUPPRESSED, level, device.count_number)
        return Plan(reason, marker=done, device=device)
    stored = Stored(marker, device, stored.window)
    return _send(stored, event.event_id, Claim(level, now), token=token, per_minute=per_minute)


def _ignored(settings: AlertSettings, stored: Stored, event: SmileEvent) -> Decision | None:
    """Return why an event is not looked at further, None when it is."""
    if stored.is_erased:
        return Decision.ERASED
    if event.peak_score < settings.min_peak_score or event.duration_ms < settings.min_duration_ms:
        return Decision.NOT_YET
    return None


def _held_back(
    settings: AlertSettings, device: DeviceAlerts, level: Level, now: datetime
) -> Decision | None:
    """Return why an alert is suppressed, None when it is not."""
    if settings.is_suspended(now):
        return Decision.SUSPENDED
    if settings.is_quiet(now):
        return Decision.QUIET_HOURS
    if device.sent_since(now - HOUR) + len(device.claims) >= settings.max_per_hour:
        return Decision.HOURLY_LIMIT
    return Decision.COOLING_DOWN if _cools_down(settings, device, level, now) else None


def _cools_down(settings: AlertSettings, device: DeviceAlerts, level: Level, now: datetime) -> bool:
    """Return whether an alert was sent too recently, or is being sent.

    Only an alert about a sure smile holds back another one: the first sure smile is never silent.
    """
    if settings.cooldown_s == 0:
        return False
    last_at = device.last_at(level)
    if last_at is not None and now < last_at + timedelta(seconds=settings.cooldown_s):
        return True
    return any(level in ("likely", one.claim.level) for one in device.claims.values())


def _send(stored: Stored, event_id: str, claim: Claim, *, token: str, per_minute: int) -> Plan:
    """Return the plan for an alert that nothing holds back: alone, or in a digest."""
    marker = stored.marker or NO_MARKER
    version = stored.device.version + 1
    device = stored.device.without_counted(marker.counted_in)
    is_update = marker.handled in (Handled.SENT, Handled.DIGESTED)
    if stored.window.free_at(per_minute, claim.at) is not None:
        return Plan(
            Decision.DIGEST,
            marker=Marker(token, Handled.DIGESTED, claim.level),
            device=device if device.version == version else None,
            is_update=is_update,
        )
    device = device.with_claim(event_id, claim, version)
    own = device.claims[event_id]
    return Plan(
        Decision.SEND,
        marker=replace(marker, token=token, counted_in=0, claim=claim),
        device=device,
        window=stored.window.with_send(claim.at),
        is_update=is_update,
        suppressed=own.reported,
        since=own.since,
    )
