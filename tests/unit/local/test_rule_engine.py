"""The rules engine: what it sends to functions and to the error queue, and the limits of AWS."""

from __future__ import annotations

import base64
import json
import socket
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from local.aws.endpoints import LocalAws
from local.cloudformation.rule_spec import RuleSpec
from local.errors import DeliveryError, StartError
from local.functions.async_invoker import AsyncInvoker
from local.iot import rule_engine
from local.iot.rule_engine import RuleListener
from local.iot_sql import parse
from local.network.ports import free_port, port_of

TOPIC = "test/cam-1/events"


class Fakes:
    """An invoker and an SQS client that record, or fail with an error."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.sent: list[dict[str, str]] = []
        self.refused: dict[str, Exception] = {}
        self.queue_error: Exception | None = None

    def accept(self, function_arn: str, payload: bytes) -> None:
        if function_arn in self.refused:
            raise self.refused[function_arn]
        self.events.append((function_arn, json.loads(payload)))

    def send_message(self, **message: str) -> None:
        if self.queue_error is not None:
            raise self.queue_error
        self.sent.append(message)


class Engine:
    def __init__(self, **changes: Any) -> None:
        query = parse("SELECT *, topic(2) AS device FROM 'test/+/events' WHERE what <> 'nothing'")
        rule = RuleSpec("Rule", query, ("one", "two"), "http://queue", **changes)
        if changes.get("error_queue_url", "") is None:
            rule = RuleSpec("Rule", query, ("one", "two"), None)
        self.fakes = Fakes()
        self.problems: list[str] = []
        aws = LocalAws("http://127.0.0.1:1")
        vars(aws)["sqs"] = self.fakes  # instead of the cached client
        invoker = cast(AsyncInvoker, self.fakes)
        self.listener = RuleListener(rule, invoker, aws, self.problems.append)

    def failures(self) -> list[str]:
        [message] = self.fakes.sent
        assert message["QueueUrl"] == "http://queue"
        body = json.loads(message["MessageBody"])
        return [failure["failedResource"] for failure in body["failures"]]


@pytest.mark.parametrize("prefix", ["", "$aws/rules/Rule/"])
def test_message_is_sent_to_every_function(prefix: str) -> None:
    engine = Engine()
    engine.listener.handle(prefix + TOPIC, b'{"what": "a"}')
    event = {"what": "a", "device": "cam-1"}
    assert engine.fakes.events == [("one", event), ("two", event)]
    assert engine.problems == []


def test_message_is_dropped_when_where_is_not_true() -> None:
    engine = Engine()
    engine.listener.handle(TOPIC, b'{"what": "nothing"}')
    engine.listener.handle(TOPIC, b"{}")
    assert (engine.fakes.events, engine.fakes.sent, engine.problems) == ([], [], [])


def test_message_goes_to_the_error_queue_for_each_function_when_it_is_not_json() -> None:
    engine = Engine()
    engine.listener.handle(TOPIC, b"{")
    assert engine.failures() == ["one", "two"]
    assert engine.problems == [f"{TOPIC}: the payload is not JSON"]


def test_message_goes_to_the_error_queue_when_one_function_refuses_it() -> None:
    engine = Engine()
    engine.fakes.refused["one"] = DeliveryError("too large")
    engine.listener.handle(TOPIC, b'{"what": "a"}')
    assert [arn for arn, _ in engine.fakes.events] == ["two"]
    assert engine.failures() == ["one"]


def test_error_message_is_in_base64_when_the_template_wants_that() -> None:
    engine = Engine(error_base64=True)
    engine.listener.handle(TOPIC, b"{")
    body = json.loads(base64.b64decode(engine.fakes.sent[0]["MessageBody"]))
    assert base64.b64decode(body["base64OriginalPayload"]) == b"{"


def test_failure_of_the_error_queue_is_reported_too() -> None:
    engine = Engine()
    engine.fakes.queue_error = EndpointConnectionError(endpoint_url="http://queue")
    engine.listener.handle(TOPIC, b"{")
    assert len(engine.problems) == 2
    assert "the error action failed too" in engine.problems[1]


@pytest.mark.parametrize(
    ("topic", "size", "accepted"),
    [
        ("test/" + "c" * 244 + "/events", 100, True),  # 256 bytes
        ("test/" + "c" * 243 + "ä/events", 100, False),  # 257 bytes, 256 characters
        ("test/a/b/c/d/e/f/g", 100, True),  # 7 slashes
        ("test/a/b/c/d/e/f/g/h", 100, False),
        (TOPIC, 128 * 1024, True),
        (TOPIC, 128 * 1024 + 1, False),
    ],
)
def test_message_is_reported_when_aws_would_refuse_its_size(
    topic: str, size: int, accepted: bool
) -> None:
    engine = Engine()
    engine.listener.handle(topic, b'{"what": "a"}'.ljust(size))
    assert bool(engine.fakes.events) is accepted
    assert bool(engine.problems) is not accepted


def test_next_message_is_handled_after_an_unexpected_error() -> None:
    class Message:
        topic, payload = TOPIC, b'{"what": "a"}'

    engine = Engine()
    engine.fakes.refused["one"] = RuntimeError("a bug")
    engine.listener._on_message(engine.listener._client, None, Message())  # type: ignore[arg-type]
    assert engine.problems == [f"{TOPIC}: not handled: RuntimeError: a bug"]


def test_start_fails_when_there_is_no_broker() -> None:
    with pytest.raises(StartError, match="cannot reach the broker"):
        Engine().listener.start(free_port())


def test_start_fails_when_the_broker_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_engine, "_SUBSCRIBE_TIMEOUT_S", 0.1)
    listener = Engine().listener
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(StartError, match="did not confirm the subscription"):
            listener.start(port_of(silent))
        listener.stop()
