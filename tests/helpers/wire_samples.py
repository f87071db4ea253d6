"""One valid event and one valid heartbeat, as JSON objects."""

from __future__ import annotations

import copy
from typing import Any

EVENT: dict[str, Any] = {
    "schema_version": 1,
    "event_id": "019f2f55-b5fb-7abc-8def-0123456789ab",
    "device_id": "cam-1",
    "seq": 41,
    "phase": "ended",
    "started_at": "2026-07-04T22:52:54.139Z",
    "ended_at": "2026-07-04T22:52:56.639Z",
    "duration_ms": 2500,
    "peak_score": 0.96,
    "mean_score": 0.81,
    "face": {"score": 0.93, "box": [0.25, 0.3, 0.2, 0.35]},
    "track_id": 7,
    "model": {"sha256": "ab" * 32, "threshold_on": 0.6, "threshold_off": 0.4},
    "score_history": [0.5, 0.9, 0.96, 0.7],
}

HEARTBEAT: dict[str, Any] = {
    "schema_version": 1,
    "device_id": "cam-1",
    "sent_at": "2026-07-04T22:52:54.139Z",
    "status": "online",
    "next_seq": 42,
    "uptime_ms": 60000,
    "frame_rate": 14.9,
    "skipped_frames": 3,
    "outbox_events": 0,
}


def event_with(path: str, value: object) -> dict[str, Any]:
    """Return the event with another value at `path`, such as ``face.box``."""
    changed = copy.deepcopy(EVENT)
    *parents, last = path.split(".")
    target = changed
    for name in parents:
        target = target[name]
    target[last] = value
    return changed
