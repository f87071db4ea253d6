"""Dead letters: how they are parsed, received and sent again."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from ops.redrive.dead_letter import Stack, describe, parse_dead_letter
from ops.redrive.queue import DeadLetterQueue
from ops.redrive.redrive import Redrive
from smile_cloud.rule_body import RuleBody
from tests.helpers.aws import client_error
from tests.helpers.dead_letters import LIMITS
from tests.helpers.rule_events import RECEIVED_AT, sample, sample_body

SQS = "https://sqs.eu-central-1.amazonaws.com/1"
EVENTS, ALERTS = f"{SQS}/smile-EventsQueue-1", f"{SQS}/smile-AlertsQueue-2"
ARN = "arn:aws:sqs:eu-central-1:1"
SENT_AT = datetime(2026, 11, 22, 18, 0, 0, 250_000, UTC)
STARTED_AT = datetime(2026, 11, 23, tzinfo=UTC)
STATUS = f"{SQS}/smile-StatusQueue-3"
ERASURES = f"{SQS}/smile-ErasureQueue-4"
STACK = Stack(EVENTS, ALERTS, STATUS, ERASURES, LIMITS, STARTED_AT)
EVENT_ID = "01a20451-81da-7111-8000-1234567890ab"


def message(
    body: str, identifier: str = "1", *, reason: str = "", source: str = "", at: datetime = SENT_AT
) -> Any:
    found: dict[str, Any] = {
        "MessageId": identifier,
        "ReceiptHandle": f"receipt-{identifier}",
        "Body": body,
        "Attributes": {"SentTimestamp": str(round(at.timestamp() * 1000))},
    }
    if reason:
        found["MessageAttributes"] = {"reason": {"DataType": "String", "StringValue": reason}}
    if source:
        found["Attributes"]["DeadLetterQueueSourceArn"] = source
    return found


def rule_error(
    *resources: str, payload: bytes = b"{}", topic: str = "smile/cam-1/events"
) -> dict[str, Any]:
    return {
        "topic": topic,
        "base64OriginalPayload": base64.b64encode(payload).decode(),
        "failures": [
            {"failedResource": resource, "errorMessage": "Throttled"} for resource in resources
        ],
    }


@pytest.mark.parametrize(
    ("source", "queues"),
    [
        (f"{ARN}:smile-EventsQueue-1", (EVENTS,)),
        (f"{ARN}:smile-AlertsQueue-2", (ALERTS,)),
        (f"{ARN}:smile-StatusQueue-3", (STATUS,)),
        (f"{ARN}:smile-ErasureQueue-4", (ERASURES,)),
        (f"{ARN}:another-EventsQueue-1", ()),
    ],
)
def test_a_message_goes_back_unchanged_to_the_queue_that_sqs_moved_it_from(
    source: str, queues: tuple[str, ...]
) -> None:
    body = sample_body("started")
    letter = parse_dead_letter(message(body, source=source), STACK)
    assert (letter.queues, letter.body) == (queues, body)
    assert letter.reason == f"its function failed, queue {source.rsplit(':', maxsplit=1)[-1]}"
    assert letter.undeliverable == (
        "" if queues else "the queue another-EventsQueue-1 is not in this stack"
    )


@pytest.mark.parametrize("topic", ["smile/cam-1/events", "$aws/rules/events/smile/cam-1/events"])
@pytest.mark.parametrize(
    ("resources", "queues"),
    [
        ((EVENTS,), (EVENTS,)),
        ((f"{ARN}:smile-AlertsQueue-2",), (ALERTS,)),
        ((ALERTS, EVENTS, ALERTS), (ALERTS, EVENTS)),
        (("unknown",), (EVENTS, ALERTS)),
        ((), (EVENTS, ALERTS)),
    ],
)
def test_a_rule_error_goes_to_the_queues_that_the_rule_did_not_reach(
    topic: str, resources: tuple[str, ...], queues: tuple[str, ...]
) -> None:
    body = json.dumps(rule_error(*resources, payload=b"\xff", topic=topic))
    letter = parse_dead_letter(message(body), STACK)
    assert letter.queues == queues
    assert RuleBody.parse(letter.body) == RuleBody("cam-1", SENT_AT, b"\xff")
    assert letter.reason == ("Throttled" if resources else "unknown reason")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"topic": ""}, "its topic names no device"),
        ({"topic": "smile/cam 1/events"}, "its topic names no device"),
        ({"base64OriginalPayload": "a b"}, "its payload is not in base64"),
        ({"base64OriginalPayload": "é"}, "its payload is not in base64"),
        ({"failures": None, "topic": "smile"}, "its topic names no device"),
    ],
)
def test_a_rule_error_is_kept_when_nothing_can_be_made_of_it(
    change: dict[str, Any], problem: str
) -> None:
    letter = parse_dead_letter(message(json.dumps(rule_error(EVENTS) | change)), STACK)
    assert (letter.undeliverable, letter.queues) == (problem, ())


@pytest.mark.parametrize("body", ["?", "[1]", "{}", '{"requestContext": {}, "requestPayload": {}}'])
def test_a_message_is_kept_when_it_does_not_say_where_it_comes_from(body: str) -> None:
    letter = parse_dead_letter(message(body), STACK)
    assert letter.undeliverable == "neither the rule nor a function of this version sent it"


def test_a_message_of_the_rule_goes_to_both_queues_when_nothing_names_its_queue() -> None:
    body = sample_body("started")
    letter = parse_dead_letter(message(body), STACK)
    assert (letter.queues, letter.body) == ((EVENTS, ALERTS), body)


def status_body(name: str) -> str:
    return str(sample(f"device_status/{name}")["Records"][0]["body"])


@pytest.mark.parametrize("name", ["online", "presence_connected"])
def test_a_status_message_goes_back_to_device_status(name: str) -> None:
    body = status_body(name)
    assert parse_dead_letter(message(body), STACK).queues == (STATUS,)
    rejected = parse_dead_letter(message(body, reason="camera: unknown"), STACK)
    assert rejected.queues == (STATUS,)
    again = RuleBody.parse(rejected.body)
    assert again == replace(RuleBody.parse(body), redriven_ms=again.redriven_ms)
    assert again.redriven_ms == round(STARTED_AT.timestamp() * 1000)


@pytest.mark.parametrize("name", ["bad_camera_state", "presence_connected_bad_version"])
def test_a_status_message_stays_while_it_breaks_the_contract(name: str) -> None:
    letter = parse_dead_letter(message(status_body(name), reason="bad"), STACK)
    assert letter.queues == ()
    assert letter.undeliverable.startswith("it still breaks the contract: ")


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("smile/cam-1/status", "status"),
        ("$aws/events/presence/connected/cam-1", "connected"),
        ("$aws/events/presence/disconnected/cam-1", "disconnected"),
    ],
)
def test_an_error_of_the_rules_for_status_goes_to_their_queue(topic: str, kind: str) -> None:
    letter = parse_dead_letter(message(json.dumps(rule_error(topic=topic))), STACK)
    assert letter.queues == (STATUS,)
    assert RuleBody.parse(letter.body) == RuleBody("cam-1", SENT_AT, b"{}", kind=kind)


def test_an_error_of_another_presence_topic_is_kept() -> None:
    content = rule_error(topic="$aws/events/presence/asleep/cam-1")
    letter = parse_dead_letter(message(json.dumps(content)), STACK)
    assert letter.undeliverable == "its topic names no device"


def test_a_rejected_event_goes_to_store_event_when_the_contract_accepts_it_now() -> None:
    letter = parse_dead_letter(message(sample_body("started"), reason="phase: unknown"), STACK)
    assert (letter.queues, letter.reason) == ((EVENTS,), "phase: unknown")
    body, sent = RuleBody.parse(letter.body), RuleBody.parse(sample_body("started"))
    assert body.redriven_ms == round(STARTED_AT.timestamp() * 1000), "otherwise a second rejection"
    assert (body.payload, body.received_at) == (sent.payload, RECEIVED_AT)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (sample_body("bad_schema_version"), "schema_version"),
        (sample_body("bad_clock"), "clock"),
        (sample_body("bad_forged"), "received_at_ms"),
        ("no JSON", "message"),
    ],
)
def test_a_rejected_event_is_kept_while_it_breaks_the_contract(body: str, problem: str) -> None:
    letter = parse_dead_letter(message(body, reason="then"), STACK)
    assert letter.undeliverable.startswith(f"it still breaks the contract: {problem}")
    assert (letter.queues, letter.reason) == ((), "then")


@pytest.mark.parametrize(
    ("body", "who"),
    [
        (sample_body("started"), f"cam-1, {EVENT_ID}"),
        (sample_body("bad_not_an_event"), "cam-1, no event"),
        ("?", "unknown device, no event"),
    ],
)
def test_the_line_names_time_device_event_and_reason(body: str, who: str) -> None:
    letter = parse_dead_letter(message(body, reason="peak_score:\n too  large"), STACK)
    assert describe("DeadLetterQueue", letter) == (
        f"DeadLetterQueue, 2026-11-22T18:00:00.250Z, {who}: peak_score: too large"
    )


class Sqs:
    """An SQS client that returns pages of messages and records the other calls."""

    def __init__(self, *pages: list[Any], errors: dict[str, BaseException] | None = None) -> None:
        self._pages = [*pages, []]
        self._errors = errors or {}
        self.sent: list[tuple[str, str]] = []
        self.requests: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.visible: list[str] = []

    def receive_message(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        page = self._pages.pop(0)
        return {"Messages": page} if page else {}

    def send_message(self, **request: Any) -> None:
        if error := self._errors.get(request["QueueUrl"]):
            raise error
        self.sent.append((request["QueueUrl"], request["MessageBody"]))

    def delete_message(self, **request: Any) -> None:
        self.deleted.append(request["ReceiptHandle"])

    def change_message_visibility(self, **request: Any) -> None:
        assert request["VisibilityTimeout"] == 0
        self.visible.append(request["ReceiptHandle"])


def queue(sqs: Any) -> DeadLetterQueue:
    return DeadLetterQueue(sqs, "url", SENT_AT + timedelta(milliseconds=1))


def test_queue_returns_each_message_once_and_hides_it() -> None:
    again = message("a") | {"ReceiptHandle": "receipt-1-later"}
    sqs = Sqs([message("a"), message("b", "2")], [again])
    messages = queue(sqs)
    assert [found["MessageId"] for found in messages] == ["1", "2"]
    assert sqs.requests[0]["VisibilityTimeout"] >= 10 * 60
    assert sqs.requests[0]["WaitTimeSeconds"] >= 1, "short polling misses messages"
    assert sqs.requests[0]["MaxNumberOfMessages"] == 10
    assert sqs.requests[0]["MessageAttributeNames"] == ["All"]
    assert "DeadLetterQueueSourceArn" in sqs.requests[0]["MessageSystemAttributeNames"]
    messages.delete(again)
    messages.release()
    assert (sqs.deleted, sqs.visible) == (["receipt-1-later"], ["receipt-2"])
    messages.release()
    assert sqs.visible == ["receipt-2"]


def test_queue_skips_messages_that_arrive_during_the_run() -> None:
    sqs = Sqs([message("a", at=SENT_AT + timedelta(milliseconds=1))])
    messages = queue(sqs)
    assert list(messages) == []
    messages.release()
    assert sqs.visible == ["receipt-1"], "it stays in the queue"


def run(sqs: Sqs, *, dry_run: bool = False) -> Redrive:
    client: Any = sqs
    redrive = Redrive(STACK, client, dry_run)
    redrive.drain("q", queue(sqs))
    return redrive


def test_a_message_is_deleted_when_every_queue_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    sqs = Sqs([message(json.dumps(rule_error()))])
    redrive = run(sqs)
    assert (redrive.sent, redrive.kept, redrive.alerts) == (1, 0, 1)
    assert [url for url, _ in sqs.sent] == [EVENTS, ALERTS]
    assert {RuleBody.parse(body).device_id for _, body in sqs.sent} == {"cam-1"}
    assert (sqs.deleted, sqs.visible) == (["receipt-1"], [])
    assert capsys.readouterr().out == (
        "q, 2026-11-22T18:00:00.250Z, cam-1, no event: unknown reason"
        " -> sent to smile-EventsQueue-1, smile-AlertsQueue-2\n"
    )


@pytest.mark.parametrize(
    "error",
    [
        client_error("RequestThrottled", "Rate Exceeded.", operation="SendMessage"),
        ReadTimeoutError(endpoint_url="https://sqs"),
    ],
    ids=["refused", "no answer"],
)
def test_a_message_is_kept_when_a_queue_does_not_accept_it(
    capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    sqs = Sqs([message(json.dumps(rule_error()))], errors={ALERTS: error})
    assert run(sqs).kept == 1
    assert [url for url, _ in sqs.sent] == [EVENTS], "it gets it again: storing is idempotent"
    assert (sqs.deleted, sqs.visible) == ([], ["receipt-1"])
    assert "-> kept, SQS did not accept it: " in capsys.readouterr().out


def test_messages_become_visible_again_when_the_run_is_interrupted() -> None:
    bodies = [message(json.dumps(rule_error()), identifier) for identifier in ("1", "2")]
    sqs = Sqs(bodies, errors={EVENTS: KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        run(sqs)
    assert (sqs.deleted, sqs.visible) == ([], ["receipt-1", "receipt-2"])


def test_nothing_is_sent_or_deleted_in_a_dry_run(capsys: pytest.CaptureFixture[str]) -> None:
    sqs = Sqs([message(json.dumps(rule_error(EVENTS))), message("?", "2")])
    redrive = run(sqs, dry_run=True)
    assert (redrive.sent, redrive.kept) == (1, 1)
    assert (sqs.sent, sqs.deleted, sqs.visible) == ([], [], ["receipt-1", "receipt-2"])
    assert "-> would be sent to smile-EventsQueue-1\n" in capsys.readouterr().out
