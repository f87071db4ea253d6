"""The rules engine: what it sends to queues and to the error queue, and the limits of AWS."""

from __future__ import annotations

import base64
import json
import threading

import pytest
from botocore.exceptions import EndpointConnectionError

from local.aws.endpoints import LocalAws
from local.cloudformation.rule_spec import QueueAction, RuleSpec
from local.errors import StartError
from local.iot.rule_engine import RuleListener
from local.iot_sql import parse
from local.network.ports import free_port

TOPIC = "test/cam-1/events"


UNREACHABLE = EndpointConnectionError(endpoint_url="http://queue")


ONE, ERRORS = QueueAction("one"), QueueAction("errors")


class FakeSqs:
    """An SQS client that records messages by queue, or fails for single queues."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.broken: dict[str, Exception] = {}

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803 - boto3's names
        if QueueUrl in self.broken:
            raise self.broken[QueueUrl]
        self.sent.append((QueueUrl, MessageBody))


class Engine:
    def __init__(
        self,
        *,
        sql: str = "SELECT *, topic(2) AS device FROM 'test/+/events' WHERE what <> 'nothing'",
        first: QueueAction = ONE,
        errors: QueueAction | None = ERRORS,
    ) -> None:
        rule = RuleSpec("Rule", parse(sql), (first, QueueAction("two")), errors)
        self.sqs = FakeSqs()
        self.problems: list[str] = []
        aws = LocalAws("http://127.0.0.1:1")
        vars(aws)["sqs"] = self.sqs  # instead of the cached client
        self.listener = RuleListener(rule, aws, self.problems.append)

    def failures(self) -> list[str]:
        """Return the queues that failed, as the one message in the error queue says."""
        [body] = [body for url, body in self.sqs.sent if url == "errors"]
        return [failure["failedResource"] for failure in json.loads(body)["failures"]]


@pytest.mark.parametrize("prefix", ["", "$aws/rules/Rule/"])
def test_message_is_sent_to_every_queue(prefix: str) -> None:
    engine = Engine()
    engine.listener.handle(prefix + TOPIC, b'{"what": "a"}')
    event = '{"what":"a","device":"cam-1"}'
    assert engine.sqs.sent == [("one", event), ("two", event)]
    assert engine.problems == []


def test_message_is_in_base64_when_the_action_wants_that() -> None:
    engine = Engine(first=QueueAction("one", base64=True))
    engine.listener.handle(TOPIC, b'{"what": "a"}')
    assert base64.b64decode(engine.sqs.sent[0][1]) == engine.sqs.sent[1][1].encode()


def test_payload_that_is_not_json_is_sent_when_the_statement_encodes_it() -> None:
    engine = Engine(sql="SELECT encode(*, 'base64') AS body FROM 'test/+/events'")
    engine.listener.handle(TOPIC, b"\xff")
    assert [url for url, _ in engine.sqs.sent] == ["one", "two"]
    assert json.loads(engine.sqs.sent[0][1]) == {"body": "/w=="}


def test_message_is_dropped_when_where_is_not_true() -> None:
    engine = Engine()
    engine.listener.handle(TOPIC, b'{"what": "nothing"}')
    engine.listener.handle(TOPIC, b"{}")
    assert (engine.sqs.sent, engine.problems) == ([], [])


def test_message_goes_to_the_error_queue_for_each_queue_when_it_is_not_json() -> None:
    engine = Engine()
    engine.listener.handle(TOPIC, b"{")
    assert engine.failures() == ["one", "two"]
    assert engine.problems == [f"{TOPIC}: the payload is not JSON"]


def test_message_goes_to_the_error_queue_when_one_queue_fails() -> None:
    engine = Engine()
    engine.sqs.broken["one"] = UNREACHABLE
    engine.listener.handle(TOPIC, b'{"what": "a"}')
    assert [url for url, _ in engine.sqs.sent] == ["two", "errors"]
    assert engine.failures() == ["one"]


def test_message_is_only_reported_when_there_is_no_error_action() -> None:
    engine = Engine(errors=None)
    engine.listener.handle(TOPIC, b"{")
    assert (engine.sqs.sent, len(engine.problems)) == ([], 1)


def test_error_message_is_in_base64_when_the_template_wants_that() -> None:
    engine = Engine(errors=QueueAction("errors", base64=True))
    engine.listener.handle(TOPIC, b"{")
    body = json.loads(base64.b64decode(engine.sqs.sent[0][1]))
    assert base64.b64decode(body["base64OriginalPayload"]) == b"{"


def test_failure_of_the_error_queue_is_reported_too() -> None:
    engine = Engine()
    engine.sqs.broken["errors"] = UNREACHABLE
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
    assert bool(engine.sqs.sent) is accepted
    assert bool(engine.problems) is not accepted


@pytest.mark.parametrize("stopped", [False, True])
def test_message_waits_until_the_queues_exist(stopped: bool) -> None:
    engine = Engine()
    thread = threading.Thread(target=engine.listener._receive, args=[TOPIC, b'{"what": "a"}'])
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    engine.listener.stop() if stopped else engine.listener.deliver()
    thread.join(10)
    assert bool(engine.sqs.sent) is not stopped, "a run that ends delivers nothing any more"


def test_start_fails_when_there_is_no_broker() -> None:
    with pytest.raises(StartError, match="cannot reach the broker"):
        Engine().listener.start(free_port())
