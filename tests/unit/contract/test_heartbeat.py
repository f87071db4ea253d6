"""A valid heartbeat survives a round trip through JSON; an invalid one names its field."""

from __future__ import annotations

import jsonschema
import pytest

from smile_contract import ContractError, Heartbeat, schema
from tests.helpers.wire_samples import HEARTBEAT


@pytest.mark.parametrize("changes", [{}, {"status": "offline"}, {"frame_rate": 1000}])
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
    ],
)
def test_error_names_the_field_when_its_value_is_invalid(name: str, value: object) -> None:
    with pytest.raises(ContractError) as caught:
        Heartbeat.from_dict(HEARTBEAT | {name: value})
    assert caught.value.field == name
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(HEARTBEAT | {name: value}, schema("heartbeat"))


@pytest.mark.parametrize("name", sorted(HEARTBEAT))
def test_error_names_the_field_when_it_is_missing(name: str) -> None:
    incomplete = {key: value for key, value in HEARTBEAT.items() if key != name}
    with pytest.raises(ContractError) as caught:
        Heartbeat.from_dict(incomplete)
    assert caught.value.field == name
