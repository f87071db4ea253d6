"""What happened to each event of a run, and when."""

from __future__ import annotations

import base64
import contextlib
import re
import statistics
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.aws.alert_inbox import Alert
from local.functions.event_source import Outcome
from smile_contract import parse_time

_SMILE = re.compile(r'"event_id":\s*"([0-9a-f-]{36})"')
_BASE64 = re.compile(r'"([A-Za-z0-9+/]{40,}={0,2})"')
_MOST_EARLY = 1000


@dataclass
class Record:
    """The log of one event.

    Attributes
    ----------
    event : dict
        The edge's last message about it.
    sent_at : float
        When the edge first printed it, seconds since the epoch.
    handled_at : dict of str to float
        When each function first succeeded with it, by logical id.
    alerted_at : float or None
        When an alert about it arrived.
    """

    event: dict[str, Any]
    sent_at: float
    handled_at: dict[str, float] = field(default_factory=dict)
    alerted_at: float | None = None


@dataclass(frozen=True)
class Delays:
    """A delay over all events.

    Attributes
    ----------
    median_ms, max_ms : float
        Median and longest.
    count : int
        Number of events.
    """

    median_ms: float
    max_ms: float
    count: int

    @staticmethod
    def of(seconds: Iterable[float]) -> Delays | None:
        """Return the delays of these times, None when there are none."""
        values = [1000 * max(0.0, value) for value in seconds]
        if not values:
            return None
        return Delays(statistics.median(values), max(values), len(values))


class RunLog:
    """Collects what the parts of a run report from their threads.

    Attributes
    ----------
    alerts : list of Alert
        The alerts that SNS delivered.
    first_frame_at : float or None
        When the edge showed the first frame, seconds since the epoch.
    """

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.first_frame_at: float | None = None
        self._lock = threading.Lock()
        self._records: dict[str, Record] = {}
        self._early: dict[str, dict[str, float]] = {}  # handled before the edge's line was read

    def frame(self, position_ms: float) -> None:
        """Log that the edge shows the frame at this position now."""
        first = time.time() - position_ms / 1000
        self.first_frame_at = min(first, self.first_frame_at or first)

    def event(self, event: dict[str, Any]) -> None:
        """Log an event that the edge printed."""
        event_id, now = str(event.get("event_id")), time.time()
        with self._lock:
            record = self._records.get(event_id)
            if record is None:
                self._records[event_id] = Record(event, now, self._early.pop(event_id, {}))
            else:
                record.event = event

    def outcome(self, outcome: Outcome) -> None:
        """Log the result of an invocation."""
        ids = [event_id for body in outcome.bodies for event_id in event_ids(body)]
        with self._lock:
            for event_id in ids:
                record = self._records.get(event_id)
                handled = record.handled_at if record else self._early.setdefault(event_id, {})
                handled.setdefault(outcome.function, outcome.ended_at)
            while len(self._early) > _MOST_EARLY:  # other devices publish too
                del self._early[next(iter(self._early))]

    def alert(self, alert: Alert) -> None:
        """Log an alert that SNS delivered."""
        with self._lock:
            self.alerts.append(alert)
            for event_id in alert.event_ids:
                record = self._records.get(event_id)
                if record is not None and record.alerted_at is None:
                    record.alerted_at = alert.arrived_at

    def records(self) -> dict[str, Record]:
        """Return all records by event id."""
        with self._lock:
            return dict(self._records)

    def detection_delays(self, start_time: datetime | None) -> Delays | None:
        """Return the time from the first frame of a smile to the edge's event.

        Parameters
        ----------
        start_time : datetime or None
            The time that events give to the first frame; None when they have the real time.
        """
        offset_s = 0.0
        if start_time is not None:
            if self.first_frame_at is None:
                return None
            offset_s = self.first_frame_at - start_time.timestamp()
        return Delays.of(
            record.sent_at - parse_time(str(record.event["started_at"])).timestamp() - offset_s
            for record in self.records().values()
        )

    def handling_delays(self) -> dict[str, Delays]:
        """Return, by function, the time from the edge's event to the function's success."""
        seconds: dict[str, list[float]] = {}
        for record in self.records().values():
            for name, handled_at in record.handled_at.items():
                seconds.setdefault(name, []).append(handled_at - record.sent_at)
        delays = {name: Delays.of(seconds[name]) for name in sorted(seconds)}
        return {name: delay for name, delay in delays.items() if delay is not None}

    def alert_delays(self) -> Delays | None:
        """Return the time from the edge's event to the alert's arrival."""
        return Delays.of(
            record.alerted_at - record.sent_at
            for record in self.records().values()
            if record.alerted_at is not None
        )


def event_ids(body: str) -> list[str]:
    """Return the ids of the smile events in a queue message, whose payload may be in base64."""
    found = _SMILE.findall(body)
    for encoded in _BASE64.findall(body):
        with contextlib.suppress(ValueError):
            found += _SMILE.findall(base64.b64decode(encoded).decode("utf-8", "replace"))
    return found
