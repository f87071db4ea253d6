"""The heartbeat on the wire."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from smile_contract import ContractError, Heartbeat, events_topic, schema, status_topic

GOOD: dict[str, Any] = {
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


def test_heartbeat_is_the_same_when_it_comes_back() -> None:
    assert Heartbeat.from_dict(GOOD).to_dict() == GOOD
    jsonschema.validate(GOOD, schema("heartbeat"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema_version", 0),
        ("device_id", "a b"),
        ("sent_at", "now"),
        ("status", "asleep"),
        ("next_seq", -1),
        ("uptime_ms", 0.5),
        ("frame_rate", -0.1),
        ("skipped_frames", None),
        ("outbox_events", "3"),
        ("frame", "aGVsbG8="),
    ],
)
def test_error_names_the_field_when_it_is_bad(name: str, value: object) -> None:
    with pytest.raises(ContractError) as caught:
        Heartbeat.from_dict(GOOD | {name: value})
    assert caught.value.field == name
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(GOOD | {name: value}, schema("heartbeat"))


def test_topics_carry_the_device_id() -> None:
    assert events_topic("cam-1") == "smile/cam-1/events"
    assert status_topic("cam-1") == "smile/cam-1/status"


@pytest.mark.parametrize("device_id", ["", "a/b", "+", "#", "x" * 129, "café"])
def test_topic_is_refused_when_the_device_id_is_bad(device_id: str) -> None:
    with pytest.raises(ContractError, match="device_id"):
        events_topic(device_id)
