"""A valid heartbeat survives a round trip through JSON; an invalid one names its field."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from smile_contract import ContractError, Heartbeat, schema
from tests.helpers.wire_samples import HEARTBEAT

SAMPLES = Path(__file__).parents[3] / "events" / "heartbeats"


@pytest.mark.parametrize(
    "changes", [{}, {"status": "offline"}, {"frame_rate": 1000}, {"paused": True}]
)
def test_heartbeat_is_unchanged_after_json(changes: dict[str, object]) -> None:
    sent = HEARTBEAT | changes
    assert Heartbeat.from_dict(sent).to_dict() == sent
    jsonschema.validate(sent, schema("heartbeat"))


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
        ("frame_rate", 1000.1),
        ("skipped_frames", None),
        ("outbox_events", "3"),
        ("frame", "aGVsbG8="),
        ("interval_s", 3601),
        ("connected_at", "2026-11-28"),
        ("latency_p50_ms", 3_600_001),
        ("latency_p95_ms", -1),
        ("damaged_frames", 1.5),
        ("faces", -1),
        ("best_smile_score", 1.1),
        ("camera", "tired"),
        ("paused", 0),
        ("restarts", "1"),
        ("outbox_oldest_ms", -1),
        ("dropped_events", None),
        ("lost_events", -1),
        ("refused_events", -1),
        ("cpu_share", -0.1),
        ("memory_mb", "much"),
        ("temperature_c", 201),
        ("clock", "slow"),
        ("model_sha256", "0f"),
        ("configuration", "0F" * 8),
        ("program_version", "1 2"),
    ],
)
def test_error_names_the_field_when_its_value_is_invalid(name: str, value: object) -> None:
    with pytest.raises(ContractError) as caught:
        Heartbeat.from_dict(HEARTBEAT | {name: value})
    assert caught.value.field == name
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(HEARTBEAT | {name: value}, schema("heartbeat"))


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_samples_are_heartbeats_unless_they_are_bad(path: Path) -> None:
    fields = json.loads(path.read_text("utf-8"))
    if path.stem.startswith("bad_"):
        with pytest.raises(ContractError):
            Heartbeat.from_dict(fields)
    else:
        assert Heartbeat.from_dict(fields).to_dict() == fields
        jsonschema.validate(fields, schema("heartbeat"))


def test_samples_show_every_field() -> None:
    shown = {name for path in SAMPLES.glob("*.json") for name in json.loads(path.read_text())}
    assert shown == set(schema("heartbeat")["properties"])


@pytest.mark.parametrize("name", sorted(HEARTBEAT))
def test_error_names_the_field_when_it_is_missing(name: str) -> None:
    incomplete = {key: value for key, value in HEARTBEAT.items() if key != name}
    with pytest.raises(ContractError) as caught:
        Heartbeat.from_dict(incomplete)
    assert caught.value.field == name
