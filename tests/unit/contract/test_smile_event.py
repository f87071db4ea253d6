"""A valid event survives a round trip through JSON; an invalid one names its field."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from smile_contract import ContractError, Face, Model, SmileEvent, schema
from tests.helpers.events import smile_event
from tests.helpers.wire_samples import EVENT, event_with

INVALID_BY_SCHEMA_TOO = [
    ("schema_version", 2),
    ("schema_version", True),
    ("event_id", "not-an-id"),
    ("event_id", "0197D7D0-1C7B-7ABC-8DEF-0123456789AB"),
    ("device_id", "cam/1"),
    ("device_id", ""),
    ("device_id", "c" * 129),
    ("seq", -1),
    ("seq", 1.5),
    ("seq", True),
    ("seq", 2**53),
    ("phase", "paused"),
    ("phase", "started"),  # with ended_at
    ("started_at", "2026-07-04 22:52:54.139Z"),
    ("started_at", "2026-07-04T22:52:54Z"),
    ("started_at", "1969-12-31T23:59:59.999Z"),
    ("started_at", 1783205574),
    ("ended_at", None),
    ("duration_ms", "2500"),
    ("peak_score", 1.2),
    ("mean_score", True),
    ("mean_score", -0.001),
    ("face.box", [0.1, 0.2, 0.3]),
    ("face.box", [0.1, 0.2, 0.3, 7]),
    ("face.image", "aGVsbG8="),
    ("picture", "aGVsbG8="),
    ("model.sha256", "AB" * 32),
    ("peak_score", 10**400),
    ("score_history", [0.5] * 33),
    ("clock", "wrong"),
    ("score_history", ["high"]),
]
INVALID_BEYOND_SCHEMA = [
    ("event_id", "019f2f55-b5fc-7abc-8def-0123456789ab"),  # another millisecond
    ("event_id", "ffffffff-ffff-7abc-8def-0123456789ab"),  # the year 10889
    ("started_at", "2026-02-30T22:52:54.139Z"),
    ("ended_at", "2026-07-04T22:52:50.000Z"),  # before it started
    ("duration_ms", 2400),
    ("mean_score", 0.97),  # above the peak
    ("model.threshold_off", 0.7),  # above threshold_on
    ("model.threshold_off", 0.6),  # equal to threshold_on
]
VALID = [
    ("device_id", "Cam:1_b-" + "c" * 120),
    ("seq", 0),
    ("seq", 2**53 - 1),
    ("seq", 3.0),
    ("peak_score", 1),
    ("mean_score", 0),
    ("mean_score", 0.96),  # equal to the peak
    ("face.box", [0, 0, 1, 1]),
    ("model.threshold_on", 1),
    ("score_history", []),
    ("clock", "corrected"),
    ("score_history", [0.5] * 32),
]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema("smile_event"))


def error_of(fields: object) -> ContractError:
    with pytest.raises(ContractError) as caught:
        SmileEvent.from_dict(fields)
    return caught.value


def test_event_is_unchanged_after_json() -> None:
    event = SmileEvent.from_dict(EVENT)
    assert event.to_dict() == EVENT
    assert SmileEvent.from_dict(json.loads(json.dumps(event.to_dict()))) == event


@pytest.mark.parametrize(("path", "value"), VALID)
def test_value_at_the_limit_is_accepted(
    path: str, value: object, validator: jsonschema.Draft202012Validator
) -> None:
    event = SmileEvent.from_dict(event_with(path, value))
    assert event.to_dict() == event_with(path, value)
    validator.validate(event_with(path, value))


@pytest.mark.parametrize(("path", "value"), INVALID_BY_SCHEMA_TOO + INVALID_BEYOND_SCHEMA)
def test_error_names_the_field_when_its_value_is_invalid(path: str, value: object) -> None:
    error = error_of(event_with(path, value))
    # Fields that disagree: the error names the one that is checked against the other.
    disagreeing = {"started": "ended_at", "2026-07-04T22:52:50.000Z": "ended_at"}
    expected = disagreeing.get(value, path) if isinstance(value, str) else path
    assert error.field.startswith(expected)
    assert "expected" in error.problem or error.problem == "unknown field"


@pytest.mark.parametrize(("path", "value"), INVALID_BY_SCHEMA_TOO)
def test_schema_rejects_what_the_code_rejects(
    path: str, value: object, validator: jsonschema.Draft202012Validator
) -> None:
    assert not validator.is_valid(event_with(path, value))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("seq", None, "seq: expected a whole number, 0 or more, got null"),
        ("seq", True, "seq: expected a whole number, 0 or more, got true"),
        ("seq", "x" * 40, f"seq: expected a whole number, 0 or more, got '{'x' * 40}'"),
        ("seq", "x" * 41, "seq: expected a whole number, 0 or more, got text of 41 characters"),
        ("seq", 10**23, f"seq: expected a whole number, 0 or more, got {10**23}"),
        ("seq", 10**24, "seq: expected a whole number, 0 or more, got a number out of range"),
        ("seq", {}, "seq: expected a whole number, 0 or more, got an object"),
        ("seq", [], "seq: expected a whole number, 0 or more, got a list"),
        ("seq", b"", "seq: expected a whole number, 0 or more, got bytes"),
        ("schema_version", 2, "schema_version: expected 1, got 2"),
        ("phase", "paused", 'phase: expected "started" or "ended", got \'paused\''),
        ("device_id", "a b", "device_id: expected 1 to 128 of a-z A-Z 0-9 : _ -, got 'a b'"),
        ("face", 3, "face: expected an object, got 3"),
        ("face.box", [1, 2], "face.box: expected a list of 4 numbers, got 2"),
        ("face.box", "all", "face.box: expected a list of 4 numbers, got 'all'"),
        ("face.box", [0, 0, 0, 7], "face.box[3]: expected a number from 0 to 1, got 7"),
        ("face.image", "aGVsbG8=", "face.image: unknown field"),
        ("picture", "aGVsbG8=", "picture: unknown field"),
        ("score_history", [0] * 33, "score_history: expected a list of 0 to 32 numbers, got 33"),
        ("mean_score", 0.97, "mean_score: expected at most peak_score (0.96)"),
        (
            "started_at",
            "now",
            "started_at: expected a UTC time such as 2026-11-22T17:33:00.123Z, got 'now'",
        ),
        (
            "started_at",
            "1969-12-31T23:59:59.999Z",
            "started_at: expected a UTC time such as 2026-11-22T17:33:00.123Z of 1970 or later, "
            "got '1969-12-31T23:59:59.999Z'",
        ),
        (
            "model.threshold_off",
            0.7,
            "model.threshold_off: expected less than threshold_on (0.6), got 0.7",
        ),
        ("duration_ms", 9, "duration_ms: expected ended_at - started_at = 2500, got 9"),
    ],
)
def test_error_says_what_was_expected_and_what_arrived(
    path: str, value: object, message: str
) -> None:
    assert str(error_of(event_with(path, value))) == message


def test_error_says_when_ended_at_belongs_into_an_event() -> None:
    missing = {name: value for name, value in EVENT.items() if name != "ended_at"}
    assert str(error_of(missing)) == "ended_at: expected when phase is ended, phase is ended"
    unexpected = error_of(EVENT | {"phase": "started"})
    assert str(unexpected) == "ended_at: not expected, phase is started"


@pytest.mark.parametrize("name", sorted(EVENT))
def test_error_names_the_field_when_it_is_missing(
    name: str, validator: jsonschema.Draft202012Validator
) -> None:
    incomplete = {key: value for key, value in EVENT.items() if key != name}
    error = error_of(incomplete)
    assert error.field == name
    if name != "ended_at":  # missing only because the phase is ended
        assert error.problem == "expected, but missing"
    assert not validator.is_valid(incomplete)


def test_error_names_the_version_first_when_a_newer_device_sends_new_fields() -> None:
    newer = {"schema_version": 2, "mood": "fine"}
    assert str(error_of(newer)) == "schema_version: expected 1, got 2"


def test_error_does_not_quote_a_long_value_or_name() -> None:
    secret = "s3cret" * 100
    assert secret not in str(error_of(event_with("device_id", secret)))
    assert secret not in str(error_of(EVENT | {secret: 1}))


@pytest.mark.parametrize("value", [None, 3, "text", [EVENT]])
def test_error_is_a_contract_error_when_the_event_is_not_an_object(value: object) -> None:
    assert "expected an object" in error_of(value).problem


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"started_at": datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)},
            "started_at: expected whole milliseconds",
        ),
        (
            {"started_at": datetime(2026, 1, 1)},
            "started_at: expected a time with a time zone, got one without",
        ),
        (
            {"started_at": "2026-01-01T00:00:00.000Z"},
            "started_at: expected a time, got '2026-01-01T00:00:00.000Z'",
        ),
        ({"face": {"score": 0.9, "box": [0, 0, 1, 1]}}, "face: expected Face, got an object"),
        ({"seq": -1}, "seq: expected a whole number, 0 or more, got -1"),
        ({"peak_score": 2.0}, "peak_score: expected a number from 0 to 1, got 2.0"),
        ({"schema_version": 2}, "schema_version: expected 1, got 2"),
    ],
)
def test_constructor_rejects_what_cannot_be_sent(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError) as caught:
        replace(smile_event(), **changes)
    assert str(caught.value) == message


def test_constructor_of_a_part_names_its_path_in_the_event() -> None:
    with pytest.raises(ContractError, match=r"^face\.score: "):
        Face(1.5, (0, 0, 1, 1))
    with pytest.raises(ContractError, match=r"^model\.sha256: expected 64 lower-case hex"):
        Model("abc", 0.6, 0.4)
