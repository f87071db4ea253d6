"""Sample smile events, and the events of a published message."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from smile_contract import Face, Model, SmileEvent, read_message, uuid7

STARTED_AT = datetime(2026, 1, 1, tzinfo=UTC)
MODEL = Model("0" * 64, 0.6, 0.4)
_END_AFTER_MS = 1000


def smile_event(
    phase: str = "ended", *, started_at: datetime = STARTED_AT, **changes: Any
) -> SmileEvent:
    """Return a valid event; `changes` replace single fields.

    ``ended`` fills in `ended_at` from `started_at` and `duration_ms`.
    """
    duration_ms = changes.pop("duration_ms", _END_AFTER_MS)
    fields: dict[str, Any] = {
        "event_id": uuid7(started_at),
        "device_id": "cam-1",
        "seq": 0,
        "phase": phase,
        "started_at": started_at,
        "ended_at": started_at + timedelta(milliseconds=duration_ms) if phase == "ended" else None,
        "duration_ms": duration_ms,
        "peak_score": 0.9,
        "mean_score": 0.8,
        "face": Face(0.9, (0.1, 0.1, 0.2, 0.2)),
        "track_id": 1,
        "model": MODEL,
    }
    return SmileEvent(**(fields | changes))


def read_payload(payload: bytes, *, device_id: str = "cam-1") -> SmileEvent:
    """Return the one event of a message; fail the test when it is rejected."""
    (event,) = read_events(json.loads(payload), device_id=device_id)
    return event


def read_events(message: object, *, device_id: str) -> list[SmileEvent]:
    """Return the events of a decoded message; fail the test when one is rejected."""
    events, rejected = read_message(message, device_id=device_id)
    assert not rejected, [f"{bad.error.field}: {bad.error.problem}" for bad in rejected]
    return events
