from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from smile_cloud.store_event.dead_letter_queue import DeadLetterQueue
from smile_cloud.store_event.event_store import EventStore, Outcome
from smile_cloud.store_event.service import StoreEventService
from smile_cloud.store_event.settings import StoreEventSettings
from smile_contract import LATEST_UNIX_MS, uuid7_time
from tests.helpers.aws_calls import failing, losing_answer
from tests.helpers.functions import ENVIRONMENT
from tests.helpers.rule_events import sample

Receive = Callable[[], list[dict[str, Any]]]


def make_service(aws: SimpleNamespace, table: str, queue: str) -> StoreEventService:
    settings = StoreEventSettings.from_environment(ENVIRONMENT)
    events = EventStore(
        aws.dynamodb,
        table,
        event_retention=settings.event_retention,
        rollup_retention=settings.rollup_retention,
    )
    return StoreEventService(events, DeadLetterQueue(aws.sqs, queue))


@pytest.fixture
def service(aws: SimpleNamespace, table: str, queue: str) -> StoreEventService:
    return make_service(aws, table, queue)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("bad_schema_version", "schema_version"),
        ("bad_missing_field", "track_id"),
        ("bad_image", "image"),
        ("bad_device_mismatch", "device_id"),
        ("bad_score", "peak_score"),
        ("bad_not_an_event", "device_id"),
    ],
)
def test_the_dead_letter_says_what_is_wrong_when_a_message_breaks_the_contract(
    service: StoreEventService, receive_all: Receive, name: str, field: str
) -> None:
    rule_event = sample(f"store_event/{name}")
    result = service.handle(rule_event)
    assert len(result.rejected) == 1
    [dead_letter] = receive_all()
    assert dead_letter["MessageAttributes"]["field"]["StringValue"] == field
    assert dead_letter["MessageAttributes"]["reason"]["StringValue"] == result.rejected[0]
    assert result.rejected[0].startswith(field)
    assert json.loads(dead_letter["Body"]) == rule_event


def test_the_valid_events_are_stored_when_one_of_a_batch_is_bad(
    service: StoreEventService, receive_all: Receive
) -> None:
    result = service.handle(sample("store_event/bad_one_of_batch"))
    assert result.outcomes[Outcome.CREATED] == 2
    [dead_letter] = receive_all()
    assert dead_letter["MessageAttributes"]["field"]["StringValue"] == "peak_score"
    repaired = json.loads(dead_letter["Body"]) | {"peak_score": 0.9}
    assert service.handle(repaired).outcomes[Outcome.CREATED] == 1


def test_an_event_is_rejected_when_its_clock_is_more_than_a_day_ahead(
    service: StoreEventService, receive_all: Receive
) -> None:
    batch = sample("store_event/batch")
    day_ms = 24 * 3600 * 1000
    starts_ms = [round(uuid7_time(e["event_id"]).timestamp() * 1000) for e in batch["events"]]
    assert service.handle(batch | {"received_at_ms": max(starts_ms) - day_ms}).rejected == []
    too_early = batch | {"received_at_ms": min(starts_ms) - day_ms - 1}
    assert service.handle(too_early).rejected == len(batch["events"]) * [
        "started_at: expected a time at most a day after it was received; is the clock right?"
    ]
    dead_letters = receive_all()
    assert {one["MessageAttributes"]["field"]["StringValue"] for one in dead_letters} == {
        "started_at"
    }
    rule_fields = {name: too_early[name] for name in ("topic_device_id", "received_at_ms")}
    assert [json.loads(one["Body"]) for one in dead_letters] == [
        event | rule_fields for event in batch["events"]
    ], "each on its own, as the rule passes it"


@pytest.mark.parametrize(
    "rule_event",
    [
        {},
        [],
        {"topic_device_id": "cam-1"},
        {"topic_device_id": "cam-1", "received_at_ms": True},
        {"topic_device_id": "cam-1", "received_at_ms": 1.5},
        {"topic_device_id": "cam-1", "received_at_ms": 1, "\x00\ud800": 1},
        {"topic_device_id": "cam-1", "received_at_ms": 1, "": 1, "schema_version": 1},
        {"topic_device_id": "cam-1", "received_at_ms": 1, "schema_version": 1, "events": [7]},
    ],
)
def test_anything_reaches_the_dead_letter_queue_when_it_is_not_a_message(
    service: StoreEventService, receive_all: Receive, rule_event: Any
) -> None:
    assert len(service.handle(rule_event).rejected) == 1
    [dead_letter] = receive_all()
    if isinstance(rule_event, dict) and "events" in rule_event:
        assert json.loads(dead_letter["Body"])["event"] == 7
    else:
        assert json.loads(dead_letter["Body"]) == rule_event


@pytest.mark.parametrize(("name", "field"), [("", "message"), ("a\n\x00é", r"a\n\x00\xe9")])
def test_sqs_accepts_the_dead_letter_when_a_device_sends_a_field_with_an_odd_name(
    service: StoreEventService, receive_all: Receive, name: str, field: str
) -> None:
    service.handle(sample("store_event/started") | {name: 1})
    [dead_letter] = receive_all()
    assert dead_letter["MessageAttributes"]["field"]["StringValue"] == field


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"received_at_ms": -1}, "received_at_ms: expected milliseconds since 1970"),
        (
            {"received_at_ms": LATEST_UNIX_MS + 1},
            "received_at_ms: expected milliseconds since 1970",
        ),
        ({"topic_device_id": "cam 1"}, "topic_device_id: expected the device id of the topic"),
    ],
)
def test_an_event_is_rejected_when_a_field_of_the_rule_is_impossible(
    service: StoreEventService, receive_all: Receive, change: dict[str, Any], reason: str
) -> None:
    rule_event = sample("store_event/started") | change
    assert service.handle(rule_event).rejected == [reason]
    [dead_letter] = receive_all()
    assert json.loads(dead_letter["Body"]) == rule_event


def test_the_reason_asks_for_an_object_when_the_rule_passes_a_list(
    service: StoreEventService, receive_all: Receive
) -> None:
    reason = "message: expected an object, as the IoT rule sends it"
    assert service.handle([1]).rejected == [reason]
    [dead_letter] = receive_all()
    assert dead_letter["MessageAttributes"]["reason"]["StringValue"] == reason


# --- when AWS fails ----------------------------------------------------------------------------


def test_no_dead_letter_is_sent_when_storing_fails(
    aws: SimpleNamespace, queue: str, receive_all: Receive
) -> None:
    service = make_service(aws, "no-such-table", queue)
    with pytest.raises(ClientError):
        service.handle(sample("store_event/bad_one_of_batch"))
    assert receive_all() == []


def test_everything_happens_once_when_sqs_fails_once_and_lambda_retries(
    aws: SimpleNamespace, service: StoreEventService, receive_all: Receive
) -> None:
    batch = sample("store_event/bad_one_of_batch")
    with failing(aws.sqs, "SendMessage", times=1):
        with pytest.raises(EndpointConnectionError):
            service.handle(batch)
        result = service.handle(batch)
    assert result.outcomes == {Outcome.CREATED: 0, Outcome.UPDATED: 0, Outcome.UNCHANGED: 2}
    assert len(receive_all()) == 1


def test_the_dead_letter_repeats_when_the_answer_of_sqs_is_lost_and_lambda_retries(
    aws: SimpleNamespace, service: StoreEventService, receive_all: Receive
) -> None:
    bad = sample("store_event/bad_score")
    with losing_answer(aws.sqs, "SendMessage"):
        with pytest.raises(EndpointConnectionError):
            service.handle(bad)
        service.handle(bad)
    assert [json.loads(message["Body"]) for message in receive_all()] == [bad, bad]


def test_lambda_gets_the_error_when_sqs_refuses_a_dead_letter(
    aws: SimpleNamespace, table: str, queue: str
) -> None:
    service = make_service(aws, table, f"{queue}-missing")
    with pytest.raises(ClientError, match="queue does not exist"):
        service.handle(sample("store_event/bad_score"))
