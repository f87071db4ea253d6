"""Heartbeats, last wills and presence events change what is known of their device."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from smile_cloud.device_registry.directory import DeviceDirectory
from smile_cloud.device_registry.store import DeviceStore
from smile_cloud.device_status.messages import read_message
from smile_cloud.device_status.service import DeviceStatusService
from smile_cloud.rule_body import RuleBody
from tests.helpers.aws_calls import failing, losing_answer
from tests.helpers.dead_letters import KEPT, make_sender
from tests.helpers.rule_events import EVENTS, RECEIVED_AT, sample
from tests.helpers.status_messages import beat, joined

Receive = Callable[[], list[dict[str, Any]]]
MINUTE = timedelta(minutes=1)


class Status:
    """The service with its table and its dead-letter queue."""

    def __init__(self, aws: SimpleNamespace, table: str, queue: str) -> None:
        self.devices = DeviceDirectory(aws.dynamodb, table, clock=lambda: RECEIVED_AT)
        store = DeviceStore(aws.dynamodb, table, retention=KEPT, clock=lambda: RECEIVED_AT)
        sender = make_sender(aws, table, queue, clock=lambda: RECEIVED_AT)
        self._service = DeviceStatusService(store, sender)

    def handle(self, body: RuleBody) -> str:
        return str(self._service.handle(body.text()).outcome)

    def handle_text(self, text: str) -> str:
        return str(self._service.handle(text).outcome)


@pytest.fixture
def status(aws: SimpleNamespace, table: str, queue: str) -> Status:
    return Status(aws, table, queue)


def body(name: str, **changes: Any) -> RuleBody:
    """Return the message of a sample of ``device_status``."""
    [record] = sample(f"device_status/{name}")["Records"]
    return replace(RuleBody.parse(record["body"]), **changes)


def test_a_heartbeat_makes_its_device_known(status: Status) -> None:
    assert status.handle(body("online")) == "changed"
    device = status.devices.get("cam-1")
    assert device is not None
    assert device.latest is not None
    sent = json.loads((EVENTS / "heartbeats" / "online.json").read_text("utf-8"))
    assert device.latest.heartbeat.to_dict() == sent
    assert device.last_seen == RECEIVED_AT
    assert status.handle(body("online")) == "unchanged"


def test_what_is_known_is_what_all_messages_say(status: Status) -> None:
    names = ("online", "last_will", "presence_connected", "presence_disconnected_by_duplicate")
    seen = [read_message(body(name)) for name in names]
    assert [status.handle(body(name)) for name in names] == ["changed"] * 4
    device = status.devices.get("cam-1")
    assert device == joined(*(one for one in seen if one is not None))
    assert device is not None
    assert device.duplicate_at is not None
    assert [event.is_connected for event in device.presence] == [False]


def test_another_client_of_the_account_is_no_device(status: Status) -> None:
    assert status.handle(body("presence_connected", device_id="laptop")) == "changed"
    assert status.devices.get("laptop") is None
    foreign = body("presence_connected").text().replace('"cam-1"', '"a client"')
    assert status.handle_text(foreign) == "ignored"


def test_presence_counts_when_it_arrives_before_the_first_heartbeat(status: Status) -> None:
    assert status.handle(body("presence_connected")) == "changed"
    assert status.handle(body("online")) == "changed"
    device = status.devices.get("cam-1")
    assert device is not None
    assert [event.version for event in device.presence] == [4]


def test_nothing_happens_when_a_retained_heartbeat_is_deleted(
    status: Status, receive_all: Receive
) -> None:
    assert status.handle(body("online", payload=b"")) == "ignored"
    assert receive_all() == []


@pytest.mark.parametrize(
    ("name", "field", "payload"),
    [
        ("bad_camera_state", "camera", None),
        ("presence_connected_bad_version", "versionNumber", None),
        ("presence_connected", "timestamp", b'{"sessionIdentifier": "s", "versionNumber": 0}'),
        ("presence_connected", "sessionIdentifier", b"{}"),
        ("presence_disconnected", "payload", b""),
        ("online", "payload", b"[]"),
    ],
)
def test_a_message_that_breaks_the_contract_goes_to_the_dead_letter_queue(
    status: Status, receive_all: Receive, name: str, field: str, payload: bytes | None
) -> None:
    sent = body(name) if payload is None else body(name, payload=payload)
    assert status.handle(sent) == "rejected"
    [dead_letter] = receive_all()
    assert dead_letter["MessageAttributes"]["field"]["StringValue"] == field
    assert RuleBody.parse(dead_letter["Body"]) == sent


def test_a_heartbeat_of_another_device_is_rejected(status: Status, receive_all: Receive) -> None:
    assert status.handle(body("online", device_id="cam-2")) == "rejected"
    [dead_letter] = receive_all()
    assert dead_letter["MessageAttributes"]["field"]["StringValue"] == "device_id"
    assert status.devices.get("cam-1") is status.devices.get("cam-2") is None


def test_a_message_that_no_rule_sent_is_rejected(status: Status, receive_all: Receive) -> None:
    assert status.handle_text("?") == "rejected"
    text = body("online").text().replace('"status"', '"weather"')
    assert status.handle_text(text) == "rejected"
    assert {one["MessageAttributes"]["field"]["StringValue"] for one in receive_all()} == {
        "message",
        "topic_kind",
    }


def test_a_device_makes_one_dead_letter_a_day_for_each_wrong_field(
    status: Status, receive_all: Receive
) -> None:
    first = body("bad_camera_state")
    fields = json.loads(first.payload)
    outcomes = []
    for minute in range(3):
        payload = json.dumps(fields | {"uptime_ms": minute}).encode()
        received_at = RECEIVED_AT + minute * MINUTE
        outcomes.append(status.handle(replace(first, payload=payload, received_at=received_at)))
    assert outcomes == ["rejected", "repeated", "repeated"]
    other = json.dumps(fields | {"camera": "ok", "faces": -1}).encode()
    assert status.handle(replace(first, payload=other)) == "rejected"
    assert status.handle(replace(first, redriven_ms=1)) == "rejected", "an operator sent it again"
    assert len(receive_all()) == 3


@pytest.mark.parametrize("fault", [failing, losing_answer])
@pytest.mark.parametrize(
    ("client", "call"),
    [("dynamodb", "GetItem"), ("dynamodb", "UpdateItem"), ("dynamodb", "PutItem")],
)
def test_the_device_is_known_when_a_call_fails_and_sqs_delivers_again(
    aws: SimpleNamespace, status: Status, client: str, call: str, fault: Any
) -> None:
    with fault(getattr(aws, client), call, times=1), pytest.raises(BotoCoreError):
        status.handle(body("online"))
    assert status.handle(body("online")) in {"changed", "unchanged"}
    assert status.devices.get("cam-1") == read_message(body("online"))


def test_the_message_stays_in_its_queue_when_the_dead_letter_queue_fails(
    aws: SimpleNamespace, status: Status, receive_all: Receive
) -> None:
    with failing(aws.sqs, "SendMessage"), pytest.raises(BotoCoreError):
        status.handle(body("bad_camera_state"))
    assert status.handle(body("bad_camera_state")) == "rejected"
    assert len(receive_all()) == 1


def test_a_client_is_kept_for_a_day_until_it_says_that_it_is_a_device(status: Status) -> None:
    presence = body("presence_connected")
    status.handle(presence)
    seen = read_message(presence)
    assert seen is not None
    assert seen.heard_at is not None
    assert not seen.has_spoken
    assert beat(0).has_spoken
