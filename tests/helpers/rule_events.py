"""Rule events: the samples in ``events/``, and what the IoT rule makes of a message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from smile_contract import SmileEvent, format_time, parse_time, truncate_to_ms, uuid7

EVENTS = Path(__file__).parents[2] / "events"
RECEIVED_AT = datetime(2026, 11, 22, 17, 33, 1, tzinfo=UTC)


def sample(name: str) -> dict[str, Any]:
    """Return ``events/<name>.json``."""
    loaded: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    return loaded


def samples(function: str) -> dict[str, dict[str, Any]]:
    """Return the samples of a function by name."""
    paths = sorted((EVENTS / function).glob("*.json"))
    return {path.stem: sample(f"{function}/{path.stem}") for path in paths}


def as_rule_event(
    message: Mapping[str, Any] | SmileEvent,
    received_at: datetime = RECEIVED_AT,
    device_id: str = "cam-1",
) -> dict[str, Any]:
    """Return what the IoT rule passes to a function for a message of `device_id`."""
    body = message.to_dict() if isinstance(message, SmileEvent) else dict(message)
    received_at_ms = round(received_at.timestamp() * 1000)
    return body | {"topic_device_id": device_id, "received_at_ms": received_at_ms}


def received_now(rule_event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sample that arrives now with its smiles unchanged, so it has not expired."""
    return dict(rule_event) | {"received_at_ms": round(datetime.now(UTC).timestamp() * 1000)}


def moved_to_now(rule_event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sample that arrives now with smiles of now, because old smiles get no alert."""
    now = truncate_to_ms(datetime.now(UTC))
    shift = now - datetime.fromtimestamp(rule_event["received_at_ms"] / 1000, UTC)
    ids: dict[str, str] = {}

    def moved(event: Mapping[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for name in {"started_at", "ended_at"} & event.keys():
            changes[name] = format_time(parse_time(event[name]) + shift)
        if "started_at" in changes:
            new_id = uuid7(parse_time(changes["started_at"]))
            changes["event_id"] = ids.setdefault(event["event_id"], new_id)
        return dict(event) | changes

    found = moved(rule_event)
    if "events" in found:
        found["events"] = [moved(event) for event in found["events"]]
    return found | {"received_at_ms": round(now.timestamp() * 1000)}
