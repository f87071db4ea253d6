"""A good event survives the wire; a bad one is refused by its field's name."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from smile_contract import (
    ContractError,
    SmileEvent,
    encode_message,
    read_message,
    schema,
)

GOOD: dict[str, Any] = {
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


def _validator(name: str) -> jsonschema.Draft202012Validator:
    resources = [Resource.from_contents(schema(n)) for n in ("smile_event", "smile_message")]
    registry = Registry().with_resources((r.id() or "", r) for r in resources)
    return jsonschema.Draft202012Validator(schema(name), registry=registry)  # type: ignore[arg-type]


def _with(path: str, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    target = changed
    for name in parents:
        target = target[name]
    target[last] = value
    return changed


def test_event_is_the_same_when_it_comes_back_from_json() -> None:
    event = SmileEvent.from_dict(GOOD)
    assert event.to_dict() == GOOD
    assert SmileEvent.from_dict(json.loads(encode_message([event]))) == event


BAD_IN_SCHEMA_TOO = [
    ("schema_version", 2),
    ("schema_version", True),
    ("event_id", "not-an-id"),
    ("event_id", "0197D7D0-1C7B-7ABC-8DEF-0123456789AB"),
    ("device_id", "cam/1"),
    ("device_id", ""),
    ("device_id", "c" * 129),
    ("seq", -1),
    ("seq", 1.5),
    ("seq", 2**60),
    ("phase", "paused"),
    ("phase", "started"),  # with ended_at
    ("started_at", "2026-07-04 22:52:54.139Z"),
    ("started_at", "2026-07-04T22:52:54Z"),
    ("started_at", 1783205574),
    ("ended_at", None),
    ("duration_ms", "2500"),
    ("peak_score", 1.2),
    ("mean_score", True),
    ("face.box", [0.1, 0.2, 0.3]),
    ("face.box", [0.1, 0.2, 0.3, 7]),
    ("face.image", "aGVsbG8="),
    ("picture", "aGVsbG8="),
    ("model.sha256", "AB" * 32),
    ("peak_score", 10**400),
    ("score_history", [0.5] * 33),
    ("score_history", ["high"]),
]
BAD_BEYOND_SCHEMA = [
    ("event_id", "019f2f55-b5fc-7abc-8def-0123456789ab"),  # another millisecond
    ("started_at", "2026-02-30T22:52:54.139Z"),
    ("ended_at", "2026-07-04T22:52:50.000Z"),  # before it started
    ("duration_ms", 2400),
    ("mean_score", 0.97),  # above the peak
    ("model.threshold_off", 0.7),  # above threshold_on
]


def test_schema_accepts_the_good_event() -> None:
    _validator("smile_event").validate(GOOD)
    _validator("smile_message").validate({"schema_version": 1, "events": [GOOD, GOOD]})


@pytest.mark.parametrize(("path", "value"), BAD_IN_SCHEMA_TOO + BAD_BEYOND_SCHEMA)
def test_error_names_the_field_when_it_is_bad(path: str, value: object) -> None:
    with pytest.raises(ContractError) as caught:
        SmileEvent.from_dict(_with(path, value))
    # a start in another millisecond than its id says is blamed on the id, and so on
    disagreeing = {"started": "ended_at", "2026-07-04T22:52:50.000Z": "ended_at"}
    expected = disagreeing.get(value, path) if isinstance(value, str) else path
    assert caught.value.field.startswith(expected)
    assert caught.value.problem


@pytest.mark.parametrize(("path", "value"), BAD_IN_SCHEMA_TOO)
def test_schema_refuses_what_the_parser_refuses(path: str, value: object) -> None:
    assert not _validator("smile_event").is_valid(_with(path, value))


@pytest.mark.parametrize("name", sorted(GOOD))
def test_error_names_the_field_when_it_is_missing(name: str) -> None:
    lacking = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(ContractError) as caught:
        SmileEvent.from_dict(lacking)
    assert caught.value.field == name
    assert not _validator("smile_event").is_valid(lacking)


def test_error_keeps_the_value_to_itself_when_it_is_long() -> None:
    secret = "s3cret" * 100
    with pytest.raises(ContractError) as caught:
        SmileEvent.from_dict(_with("device_id", secret))
    assert secret not in str(caught.value)


def test_message_is_refused_when_the_topic_names_another_device() -> None:
    good, rejected = read_message(GOOD, device_id="cam-2")
    assert not good
    assert [bad.error.field for bad in rejected] == ["device_id"]


def test_good_events_of_a_batch_are_kept_when_one_is_bad() -> None:
    batch = {"schema_version": 1, "events": [GOOD, _with("seq", -1), GOOD]}
    good, rejected = read_message(batch, device_id="cam-1")
    assert [event.seq for event in good] == [41, 41]
    assert [(bad.index, bad.error.field) for bad in rejected] == [(1, "seq")]


@pytest.mark.parametrize("events", [[], [GOOD] * 51, "many", None])
def test_batch_is_refused_when_its_size_is_wrong(events: object) -> None:
    message = {"schema_version": 1, "events": events}
    with pytest.raises(ContractError) as caught:
        read_message(message, device_id="cam-1")
    assert caught.value.field == "events"
    assert not _validator("smile_message").is_valid(message)


@pytest.mark.parametrize("message", [None, 3, "text", [GOOD]])
def test_message_is_refused_when_it_is_no_object(message: object) -> None:
    with pytest.raises(ContractError):
        read_message(message, device_id="cam-1")


def test_message_is_rejected_when_it_has_no_field() -> None:
    good, rejected = read_message({}, device_id="cam-1")
    assert not good
    assert len(rejected) == 1


def test_no_schema_field_can_hold_an_image() -> None:
    """Every string of the schema is bounded by a pattern or a constant."""
    folder = Path(__file__).parents[3] / "layers/smile_contract/python/smile_contract/schemas"
    for path in folder.glob("*.json"):
        for node in _nodes(json.loads(path.read_text())):
            if node.get("type") == "string":
                assert "pattern" in node, (path.name, node)
            if node.get("type") == "object":
                assert node.get("additionalProperties") is False, (path.name, node)


def _nodes(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(node for child in value.values() for node in _nodes(child))]
    if isinstance(value, list):
        return [node for child in value for node in _nodes(child)]
    return []
