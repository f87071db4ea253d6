"""What reaches a function: decoded strictly, or a dead letter that says why not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smile_cloud.clock_limits import ClockError, ClockLimits
from smile_cloud.rule_body import RuleBody
from smile_cloud.rule_message import DeadLetter, ForgedError, RuleMessage, log_keys
from smile_contract import LATEST_UNIX_MS, ContractError
from tests.helpers.events import smile_event
from tests.helpers.rule_events import RECEIVED_AT, body_of, sample, sample_body

LIMITS = ClockLimits(max_age=timedelta(days=90), longest_smile=timedelta(hours=1))
MS = timedelta(milliseconds=1)
FIVE_MINUTES = timedelta(minutes=5)


def only_rejection(body: str) -> DeadLetter:
    message = RuleMessage.from_body(body, LIMITS)
    assert message.events == ()
    [dead_letter] = message.rejected
    return dead_letter


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "payload: expected a JSON text in UTF-8"),
        (b"no JSON", "payload: expected a JSON text in UTF-8"),
        (b'{"a": "\xff"}', "payload: expected a JSON text in UTF-8"),
        (b"[" * 100_000, "payload: expected at most 32 levels of nested objects"),
        (b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", "payload: expected at most 32 levels"),
        (b'{"seq": ' + b"9" * 5000 + b"}", "payload: expected numbers with fewer digits"),
        (b'{"seq": NaN}', "payload: expected a JSON text in UTF-8, without NaN"),
        (b'{"seq": -Infinity}', "payload: expected a JSON text in UTF-8, without -Infinity"),
        (b"[1]", "payload: expected a JSON object"),
        (b"7", "payload: expected a JSON object"),
        (b'{"schema_version": 1, "events": []}', "events: expected a list of 1 to 50 events"),
    ],
)
def test_a_message_is_one_dead_letter_with_its_bytes_when_it_cannot_be_decoded(
    payload: bytes, reason: str
) -> None:
    body = body_of(payload)
    dead_letter = only_rejection(body)
    assert str(dead_letter.error).startswith(reason)
    assert not isinstance(dead_letter.error, ForgedError)
    assert dead_letter.body == body


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b'{"seq": 1, "phase": "started", "seq": 2}', "seq"),
        (b'{"events": [{"face": {"box": [], "box": []}}]}', "box"),
        (b'{"topic_device_id": "cam-2"}', "topic_device_id"),
        (b'{"received_at_ms": 1, "events": []}', "received_at_ms"),
        (b'{"payload_base64": ""}', "payload_base64"),
        (b'{"redriven_at_ms": 1}', "redriven_at_ms"),
    ],
)
def test_a_message_is_forged_when_a_field_repeats_or_belongs_to_the_rule(
    payload: bytes, field: str
) -> None:
    dead_letter = only_rejection(body_of(payload))
    assert isinstance(dead_letter.error, ForgedError)
    assert dead_letter.error.field == field


def test_a_message_is_decoded_when_it_has_the_most_levels() -> None:
    body = body_of(b'{"a": ' + b"[" * 31 + b"]" * 31 + b"}")
    assert str(only_rejection(body).error) == "device_id: expected, but missing"


def test_only_the_forged_event_of_a_batch_is_rejected() -> None:
    batch = sample("messages/batch")
    batch["events"][1]["topic_device_id"] = "cam-1"
    message = RuleMessage.from_body(body_of(batch), LIMITS)
    assert len(message.events) == 3
    [dead_letter] = message.rejected
    assert isinstance(dead_letter.error, ForgedError)
    assert json.loads(RuleBody.parse(dead_letter.body).payload) == batch["events"][1]


def test_a_rejected_event_is_a_message_by_itself_when_it_is_repaired() -> None:
    message = RuleMessage.from_body(sample_body("bad_one_of_batch"), LIMITS)
    [dead_letter] = message.rejected
    source = RuleBody.parse(dead_letter.body)
    assert (source.device_id, source.received_at) == ("cam-1", RECEIVED_AT)
    repaired = json.loads(source.payload) | {"peak_score": 0.9}
    [event] = RuleMessage.from_body(body_of(repaired), LIMITS).events
    assert event.event_id not in {one.event_id for one in message.events}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("no JSON", "message"),
        ("[" * 100_000, "message"),
        ("[1]", "message"),
        ("{}", "topic_device_id"),
        ('{"topic_device_id": "cam 1"}', "topic_device_id"),
        ('{"topic_device_id": 1}', "topic_device_id"),
        ('{"topic_device_id": "cam-1"}', "received_at_ms"),
        ('{"topic_device_id": "cam-1", "received_at_ms": true}', "received_at_ms"),
        ('{"topic_device_id": "cam-1", "received_at_ms": 1.5}', "received_at_ms"),
        ('{"topic_device_id": "cam-1", "received_at_ms": -1}', "received_at_ms"),
        (
            f'{{"topic_device_id": "cam-1", "received_at_ms": {LATEST_UNIX_MS + 1}}}',
            "received_at_ms",
        ),
        ('{"topic_device_id": "cam-1", "received_at_ms": 1}', "payload_base64"),
        (
            '{"topic_device_id": "cam-1", "received_at_ms": 1, "payload_base64": "é"}',
            "payload_base64",
        ),
        (
            '{"topic_device_id": "cam-1", "received_at_ms": 1, "payload_base64": "a b="}',
            "payload_base64",
        ),
        (
            '{"topic_device_id": "c", "received_at_ms": 1, "payload_base64": "",'
            ' "redriven_at_ms": "now"}',
            "redriven_at_ms",
        ),
    ],
)
def test_the_error_names_the_field_when_the_rule_did_not_send_the_message(
    body: str, field: str
) -> None:
    with pytest.raises(ContractError) as caught:
        RuleMessage.from_body(body, LIMITS)
    assert caught.value.field == field
    assert log_keys(body) == {}


def test_the_body_is_the_same_when_it_is_read_and_written() -> None:
    redriven = RuleBody("cam-1", RECEIVED_AT, b"\x00\xff", redriven_ms=5)
    assert RuleBody.parse(redriven.text()) == redriven
    assert RuleBody.parse(sample_body("batch")).text() == sample_body("batch")


# --- clocks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "started_after", "duration", "problem"),
    [
        ("started", FIVE_MINUTES, 0 * MS, None),
        (
            "started",
            FIVE_MINUTES + MS,
            0 * MS,
            "expected started_at at most 5 min after arrival, got 5 min 1 s",
        ),
        ("started", -timedelta(days=90), 0 * MS, None),
        ("started", -timedelta(days=90) - MS, 0 * MS, "expected started_at at most 90 d before"),
        ("ended", -timedelta(hours=2), timedelta(hours=1), None),
        (
            "ended",
            -timedelta(hours=2),
            timedelta(hours=1) + MS,
            "expected a smile of at most 1 h, got 1 h 1 s",
        ),
        (
            "started",
            -timedelta(hours=2),
            timedelta(hours=1) + MS,
            "expected a smile of at most 1 h, got 1 h 1 s",
        ),
        ("ended", -timedelta(minutes=1), timedelta(minutes=6), None),
        ("ended", -timedelta(minutes=1), timedelta(minutes=6) + MS, "expected the smile to last"),
        ("started", -timedelta(minutes=1), timedelta(minutes=6) + MS, "expected the smile to last"),
    ],
)
def test_an_event_is_rejected_when_its_times_do_not_fit_its_arrival(
    phase: str, started_after: timedelta, duration: timedelta, problem: str | None
) -> None:
    event = smile_event(phase, started_at=RECEIVED_AT + started_after, duration_ms=duration // MS)
    message = RuleMessage.from_body(body_of(event), LIMITS)
    if problem is None:
        assert message.events == (event,)
    else:
        [dead_letter] = message.rejected
        assert isinstance(dead_letter.error, ClockError)
        assert dead_letter.error.field == "clock"
        assert dead_letter.error.problem.startswith(problem)


def test_only_the_events_with_a_wrong_clock_are_rejected_when_they_share_a_message() -> None:
    batch = sample("messages/bad_one_of_batch")
    first, _, third = batch["events"]
    between = datetime.fromisoformat(third["started_at"]) - FIVE_MINUTES - MS
    message = RuleMessage.from_body(body_of(batch, between), LIMITS)
    assert [event.event_id for event in message.events] == [first["event_id"]]
    assert [one.error.field for one in message.rejected] == ["peak_score", "clock"]
    payloads = [json.loads(RuleBody.parse(one.body).payload) for one in message.rejected]
    assert payloads == batch["events"][1:]


def test_no_time_overflows_when_a_message_arrives_in_the_year_9999() -> None:
    latest = datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)
    event = smile_event(started_at=latest, duration_ms=0)
    assert RuleMessage.from_body(body_of(event, latest), LIMITS).events == (event,)


# --- the identity of a dead letter -------------------------------------------------------------


def test_the_content_is_the_same_when_only_the_arrival_differs() -> None:
    bad = sample("messages/bad_score")
    first, second = (only_rejection(body_of(bad, RECEIVED_AT + n * MS)) for n in range(2))
    assert first.content_id == second.content_id
    assert second.received_ms == first.received_ms + 1


@pytest.mark.parametrize("change", [{"device_id": "cam-2"}, {"seq": 99}])
def test_the_content_differs_when_device_or_event_differs(change: dict[str, Any]) -> None:
    bad = sample("messages/bad_score")
    other = body_of(bad | change, device_id=change.get("device_id", "cam-1"))
    assert only_rejection(body_of(bad)).content_id != only_rejection(other).content_id


def test_the_content_differs_when_an_operator_sends_it_again() -> None:
    source = RuleBody.parse(sample_body("bad_score"))
    again = RuleBody(source.device_id, source.received_at, source.payload, redriven_ms=1)
    assert only_rejection(source.text()).content_id != only_rejection(again.text()).content_id
