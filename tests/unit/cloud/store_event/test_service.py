from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from smile_cloud.rule_body import RuleBody
from smile_cloud.store_event.event_store import Outcome
from smile_cloud.store_event.service import StoreEventService
from tests.helpers.dead_letters import make_service
from tests.helpers.rule_events import RECEIVED_AT, body_of, sample, sample_body

Receive = Callable[[], list[dict[str, Any]]]


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
        ("bad_clock", "clock"),
        ("bad_forged", "received_at_ms"),
        ("bad_repeated_field", "peak_score"),
    ],
)
def test_the_dead_letter_says_what_is_wrong_when_a_message_breaks_the_contract(
    service: StoreEventService, receive_all: Receive, name: str, field: str
) -> None:
    [reason] = map(str, service.handle(sample_body(name)).rejected)
    [dead_letter] = receive_all()
    assert dead_letter["MessageAttributes"]["field"]["StringValue"] == field
    assert dead_letter["MessageAttributes"]["reason"]["StringValue"] == reason
    assert reason.startswith(field)
    sent, got = RuleBody.parse(sample_body(name)), RuleBody.parse(dead_letter["Body"])
    assert (got.device_id, got.received_at) == (sent.device_id, sent.received_at)
    if name != "bad_repeated_field":
        assert json.loads(got.payload) == json.loads(sent.payload)
    else:
        assert got.payload == sent.payload


def test_the_valid_events_are_stored_when_one_of_a_batch_is_bad(
    service: StoreEventService, receive_all: Receive
) -> None:
    result = service.handle(sample_body("bad_one_of_batch"))
    assert result.outcomes[Outcome.CREATED] == 2
    [dead_letter] = receive_all()
    assert dead_letter["MessageAttributes"]["field"]["StringValue"] == "peak_score"
    repaired = json.loads(RuleBody.parse(dead_letter["Body"]).payload) | {"peak_score": 0.9}
    assert service.handle(body_of(repaired)).outcomes[Outcome.CREATED] == 1


@pytest.mark.parametrize("body", ["no JSON", "é", "[1]", '{"topic_device_id": "\\ud800"}'])
def test_a_queue_message_becomes_a_dead_letter_when_the_rule_did_not_send_it(
    service: StoreEventService, receive_all: Receive, body: str
) -> None:
    [reason] = map(str, service.handle(body).rejected)
    [dead_letter] = receive_all()
    assert dead_letter["Body"] == body
    assert dead_letter["MessageAttributes"]["reason"]["StringValue"] == reason


@pytest.mark.parametrize(
    ("name", "field"),
    [("", "message"), ("a\n\x00é", r"a\n\x00\xe9"), ("\ud800", r"\ud800"), ("n" * 41, "n" * 40)],
)
def test_sqs_accepts_the_dead_letter_when_a_device_sends_a_field_with_an_odd_name(
    service: StoreEventService, receive_all: Receive, name: str, field: str
) -> None:
    service.handle(body_of(sample("messages/started") | {name: 1}))
    [dead_letter] = receive_all()
    assert dead_letter["MessageAttributes"]["field"]["StringValue"] == field


def test_a_republished_dead_letter_is_a_dead_letter_with_a_reason(
    service: StoreEventService, receive_all: Receive
) -> None:
    service.handle(sample_body("bad_score"))
    [dead_letter] = receive_all()
    republished = dead_letter["Body"].encode()
    [error] = service.handle(body_of(republished)).rejected
    assert str(error) == "payload_base64: only the IoT rule may set this field"
    [second] = receive_all()
    assert RuleBody.parse(second["Body"]).payload == republished
    assert RuleBody.parse(second["Body"]).received_at == RECEIVED_AT


def test_the_record_fails_when_sqs_refuses_a_dead_letter(
    aws: SimpleNamespace, table: str, queue: str
) -> None:
    service = make_service(aws, table, f"{queue}-missing")
    with pytest.raises(ClientError, match="queue does not exist"):
        service.handle(sample_body("bad_score"))


def test_no_dead_letter_is_sent_when_storing_fails(
    aws: SimpleNamespace, queue: str, receive_all: Receive
) -> None:
    service = make_service(aws, "no-such-table", queue)
    with pytest.raises(ClientError):
        service.handle(sample_body("bad_one_of_batch"))
    assert receive_all() == []
