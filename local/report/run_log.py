"""What happened to each event of this run, and when: the ground of the summary."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.aws.alert_inbox import Alert
from local.functions.async_invoker import Outcome


@dataclass
class Record:
    """One event on its way.

    Attributes
    ----------
    made : dict
        The event as the edge printed it last.
    first_made_at : float
        When the edge first printed it, seconds since the epoch.
    handled_at : dict of str to float
        When each function had first handled it, by logical id.
    alerted_at : float or None
        When an alert about it arrived.
    """

    made: dict[str, Any]
    first_made_at: float
    handled_at: dict[str, float] = field(default_factory=dict)
    alerted_at: float | None = None


@dataclass(frozen=True)
class Delays:
    """How long something took, over all events.

    Attributes
    ----------
    p50_ms, max_ms : float
        Median and longest.
    count : int
        Of how many events.
    """

    p50_ms: float
    max_ms: float
    count: int

    @staticmethod
    def of(seconds: Iterable[float]) -> Delays | None:
        """Sum up; None when there is nothing to sum up."""
        values = sorted(1000 * max(0.0, value) for value in seconds)
        if not values:
            return None
        return Delays(statistics.median(values), values[-1], len(values))


class Ledger:
    """Collects what the parts report from their threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, Record] = {}
        self._early: dict[str, dict[str, float]] = {}  # handled before its line was read
        self.alerts: list[Alert] = []
        self.failures: list[Outcome] = []

    def made(self, event: dict[str, Any]) -> None:
        """Note an event that the edge printed."""
        event_id, now = str(event.get("event_id")), time.time()
        with self._lock:
            record = self._records.get(event_id)
            if record is None:
                handled = self._early.pop(event_id, {})
                self._records[event_id] = Record(event, now, handled)
            else:
                record.made = event

    def outcome(self, outcome: Outcome) -> None:
        """Note how an invocation ended."""
        with self._lock:
            if outcome.answer.error_type is not None:
                if outcome.final:
                    self.failures.append(outcome)
                return
            for event_id in event_ids(outcome.payload):
                record = self._records.get(event_id)
                handled = record.handled_at if record else self._early.setdefault(event_id, {})
                handled.setdefault(outcome.function, outcome.ended_at)

    def alert(self, alert: Alert) -> None:
        """Note an alert that was delivered."""
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

    def handling_delays(self) -> dict[str, Delays]:
        """Return, by function, the time from the edge's line to the function's success."""
        records = self.records().values()
        functions = sorted({name for record in records for name in record.handled_at})
        delays = {
            name: Delays.of(
                record.handled_at[name] - record.first_made_at
                for record in records
                if name in record.handled_at
            )
            for name in functions
        }
        return {name: delay for name, delay in delays.items() if delay is not None}

    def alert_delays(self) -> Delays | None:
        """Return the time from the edge's line to the alert's arrival."""
        return Delays.of(
            record.alerted_at - record.first_made_at
            for record in self.records().values()
            if record.alerted_at is not None
        )


def event_ids(payload: bytes) -> list[str]:
    """Return the ids of the events in a rule's output: one event, or a list under ``events``."""
    message = json.loads(payload)
    if not isinstance(message, Mapping):
        return []
    events = message.get("events", [message])
    if not isinstance(events, list):
        return []
    return [str(e["event_id"]) for e in events if isinstance(e, Mapping) and "event_id" in e]
