"""The smiles of the last 24 hours on a few cameras, as many as wanted."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from smile_contract import Face, Heartbeat, Model, SmileEvent, truncate_to_ms, uuid7

CAMERAS: Final = tuple(f"cam-{number}" for number in range(1, 6))
_MODEL: Final = Model("0" * 64, 0.6, 0.4)
_DAY: Final = timedelta(hours=24)
_SCORES: Final = 32  # as many as an event can hold


def day_of_smiles(count: int) -> list[SmileEvent]:
    """Return smiles spread evenly over the last 24 hours and over the cameras; the newest first.

    The newest is a minute old, so that every number of smiles has one in the last hour.
    """
    chance = random.Random(count)  # noqa: S311 - measurements need no secrets
    newest = truncate_to_ms(datetime.now(UTC)) - timedelta(minutes=1)
    return [
        _smile(CAMERAS[number % len(CAMERAS)], newest - number * _DAY / count, number, chance)
        for number in range(count)
    ]


def _smile(device_id: str, at: datetime, number: int, chance: random.Random) -> SmileEvent:
    started_at = truncate_to_ms(at)
    duration_ms = round(chance.lognormvariate(7.8, 0.5))
    scores = tuple(round(chance.uniform(0.45, 0.98), 2) for _ in range(_SCORES))
    return SmileEvent(
        event_id=uuid7(started_at),
        device_id=device_id,
        seq=number,
        phase="ended",
        started_at=started_at,
        ended_at=started_at + timedelta(milliseconds=duration_ms),
        duration_ms=duration_ms,
        peak_score=max(scores),
        mean_score=round(sum(scores) / _SCORES, 3),
        face=Face(0.93, (round(chance.uniform(0.1, 0.7), 2), 0.3, 0.12, 0.2)),
        track_id=chance.randint(1, 4),
        model=_MODEL,
        score_history=scores,
    )


def by_camera(events: Sequence[SmileEvent]) -> Mapping[str, list[SmileEvent]]:
    """Return the smiles of each camera."""
    found = defaultdict(list)
    for event in events:
        found[event.device_id].append(event)
    return found


def heartbeat(device_id: str) -> Heartbeat:
    """Return a heartbeat of a camera that works."""
    return Heartbeat(
        device_id=device_id,
        sent_at=truncate_to_ms(datetime.now(UTC)),
        status="online",
        next_seq=1,
        uptime_ms=3_600_000,
        frame_rate=14.9,
        skipped_frames=0,
        outbox_events=0,
        camera="ok",
    )
