"""SQS events: the samples in ``events/``, and what reaches a function of a device's message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from scripts.sample_events import EVENTS, RECEIVED_AT, sqs_event
from smile_cloud.rule_body import RuleBody
from smile_contract import SmileEvent, format_time, parse_time, truncate_to_ms, uuid7


def sample(name: str) -> dict[str, Any]:
    """Return ``events/<name>.json``."""
    loaded: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    return loaded


def samples(function: str) -> dict[str, dict[str, Any]]:
    """Return the samples of a function by name."""
    paths = sorted((EVENTS / function).glob("*.json"))
    return {path.stem: sample(f"{function}/{path.stem}") for path in paths}


def body_of(
    message: Mapping[str, Any] | SmileEvent | bytes,
    received_at: datetime = RECEIVED_AT,
    device_id: str = "cam-1",
) -> str:
    """Return the queue message that the IoT rule makes of a message of `device_id`."""
    if isinstance(message, SmileEvent):
        message = message.to_dict()
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return RuleBody(device_id, truncate_to_ms(received_at), payload).text()


def sample_body(name: str, received_at: datetime = RECEIVED_AT) -> str:
    """Return the queue message for ``events/messages/<name>.json``."""
    return body_of((EVENTS / "messages" / f"{name}.json").read_bytes(), received_at)


def as_sqs_event(
    message: Mapping[str, Any] | SmileEvent | bytes,
    received_at: datetime = RECEIVED_AT,
    device_id: str = "cam-1",
) -> dict[str, Any]:
    """Return the SQS event with one message of `device_id`."""
    return sqs_event([body_of(message, received_at, device_id)])


def received_now(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sample that arrives now with its smiles unchanged, so it has not expired."""
    now = truncate_to_ms(datetime.now(UTC))
    return sqs_event([replace(body, received_at=now).text() for body in _bodies(event)])


def moved_to_now(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sample that arrives now with smiles of now, because old smiles get no alert.

    Heartbeats are as they were.
    """
    now = truncate_to_ms(datetime.now(UTC))
    return sqs_event(
        [
            _moved(body, now) if body.kind == "events" else replace(body, received_at=now).text()
            for body in _bodies(event)
        ]
    )


def _bodies(event: Mapping[str, Any]) -> list[RuleBody]:
    return [RuleBody.parse(record["body"]) for record in event["Records"]]


def _moved(body: RuleBody, now: datetime) -> str:
    shift = now - body.received_at
    ids: dict[str, str] = {}

    def moved(event: Mapping[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for name in {"started_at", "ended_at"} & event.keys():
            changes[name] = format_time(parse_time(event[name]) + shift)
        if "started_at" in changes:
            new_id = uuid7(parse_time(changes["started_at"]))
            changes["event_id"] = ids.setdefault(event["event_id"], new_id)
        return dict(event) | changes

    message = moved(json.loads(body.payload))
    if "events" in message:
        message["events"] = [moved(event) for event in message["events"]]
    return body_of(message, now, body.device_id)
