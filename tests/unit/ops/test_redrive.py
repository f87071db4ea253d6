"""Dead letters: how they are parsed, received and delivered."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from local.cloudformation.template import load_template
from ops.redrive.__main__ import _INVOKE_CONFIG
from ops.redrive.dead_letter import Functions, describe, parse_dead_letter
from ops.redrive.queue import DeadLetterQueue
from ops.redrive.redrive import Redrive
from smile_contract import encode_message
from tests.helpers.aws import client_error
from tests.helpers.events import smile_event

ROOT = Path(__file__).parents[3]
ARN = "arn:aws:lambda:eu-central-1:1:function"
STORE, ALERT = f"{ARN}:store:live", f"{ARN}:alert:live"
FUNCTIONS = Functions(STORE, (ALERT,))
SENT_AT = datetime(2026, 11, 22, 10, 0, 0, 250_000, UTC)
PAYLOAD = json.loads(encode_message([smile_event()]))
RULE_EVENT = PAYLOAD | {"topic_device_id": "cam-1", "received_at_ms": 1_767_225_600_000}


def message(body: Any, identifier: str = "1", *, reason: str = "", at: datetime = SENT_AT) -> Any:
    found = {
        "MessageId": identifier,
        "ReceiptHandle": f"receipt-{identifier}",
        "Body": body if isinstance(body, str) else json.dumps(body),
        "Attributes": {"SentTimestamp": str(round(at.timestamp() * 1000))},
    }
    if reason:
        found["MessageAttributes"] = {"reason": {"DataType": "String", "StringValue": reason}}
    return found


def invocation(**changes: Any) -> dict[str, Any]:
    record = {
        "requestContext": {"functionArn": STORE, "condition": "RetriesExhausted"},
        "requestPayload": RULE_EVENT,
        "responsePayload": {"errorType": "KeyError", "errorMessage": "'x'"},
    }
    return record | changes


def rule_error(payload: bytes, *arns: str, topic: str = "smile/cam-1/events") -> dict[str, Any]:
    return {
        "topic": topic,
        "base64OriginalPayload": base64.b64encode(payload).decode(),
        "failures": [{"failedResource": arn, "errorMessage": "Rate exceeded"} for arn in arns],
    }


@pytest.mark.parametrize(
    ("function", "alias"),
    [
        (STORE, STORE),
        (ALERT, ALERT),
        (f"{ARN}:store:7", STORE),
        (f"{ARN}:store", STORE),
        (f"{ARN}:store2:live", None),
        ("", None),
    ],
)
def test_alias_is_invoked_when_any_version_of_the_function_failed(
    function: str, alias: str | None
) -> None:
    context = {"functionArn": function, "condition": "RetriesExhausted"}
    parsed = parse_dead_letter(message(invocation(requestContext=context)), FUNCTIONS)
    assert parsed.functions == ((alias,) if alias else ())
    assert (parsed.undeliverable == "") is (alias is not None)
    assert parsed.event == RULE_EVENT
    assert parsed.reason == "RetriesExhausted, KeyError: 'x'"


@pytest.mark.parametrize("answer", [None, {}, "text"])
def test_reason_is_the_condition_when_the_function_returned_no_error(answer: object) -> None:
    parsed = parse_dead_letter(message(invocation(responsePayload=answer)), FUNCTIONS)
    assert parsed.reason == "RetriesExhausted"


@pytest.mark.parametrize(
    "topic", ["smile/cam-1/events", "$aws/rules/smile_dev_events/smile/cam-1/events"]
)
def test_event_gets_the_fields_of_the_rule_when_the_rule_failed(topic: str) -> None:
    body = rule_error(json.dumps(PAYLOAD).encode(), STORE, ALERT, STORE, "other", topic=topic)
    parsed = parse_dead_letter(message(body), FUNCTIONS)
    added = {"topic_device_id": "cam-1", "received_at_ms": round(SENT_AT.timestamp() * 1000)}
    assert parsed.event == PAYLOAD | added
    assert parsed.functions == (STORE, ALERT)
    assert (parsed.reason, parsed.undeliverable) == ("Rate exceeded", "")


@pytest.mark.parametrize("payload", [b"no json", b"[1]", b"\xff"])
def test_rule_error_is_undeliverable_when_the_payload_is_not_an_object(payload: bytes) -> None:
    parsed = parse_dead_letter(message(rule_error(payload, STORE)), FUNCTIONS)
    assert parsed.undeliverable == "the payload is not a JSON object"
    assert parsed.device == "cam-1"


def test_rule_error_is_undeliverable_when_no_failed_function_is_in_the_stack() -> None:
    body = rule_error(json.dumps(PAYLOAD).encode(), f"{ARN}:other:live")
    parsed = parse_dead_letter(message(body), FUNCTIONS)
    assert parsed.undeliverable == "none of the functions that failed is in this stack"
    parsed = parse_dead_letter(message(body | {"failures": None}), FUNCTIONS)
    assert (parsed.functions, parsed.reason) == ((), "unknown reason")


def test_invocation_is_undeliverable_when_its_record_names_no_function() -> None:
    parsed = parse_dead_letter(message(invocation(requestContext={})), FUNCTIONS)
    assert parsed.undeliverable == "its function is not in this stack"
    assert parsed.reason == "failed, KeyError: 'x'"


def test_device_is_unknown_when_the_topic_names_none() -> None:
    parsed = parse_dead_letter(message(rule_error(b"{}", STORE, topic="")), FUNCTIONS)
    assert describe("q", parsed).startswith("q, 2026-11-22T10:00:00.250Z, ")
    assert parse_dead_letter(message("?"), FUNCTIONS).device == "unknown device"


def test_rejected_event_is_delivered_to_store_event_when_the_contract_accepts_it_now() -> None:
    parsed = parse_dead_letter(message(RULE_EVENT, reason="phase: unknown"), FUNCTIONS)
    assert (parsed.functions, parsed.reason) == ((STORE,), "phase: unknown")


@pytest.mark.parametrize(
    ("change", "problem"),
    [({"schema_version": 9}, "schema_version"), ({"received_at_ms": "x"}, "received_at_ms")],
)
def test_rejected_event_is_undeliverable_when_it_still_breaks_the_contract(
    change: dict[str, Any], problem: str
) -> None:
    parsed = parse_dead_letter(message(RULE_EVENT | change), FUNCTIONS)
    assert parsed.undeliverable.startswith(f"it still breaks the contract: {problem}")
    assert parsed.reason == "unknown reason"


class Sqs:
    """An SQS client that returns pages of messages and records the other calls."""

    def __init__(self, *pages: list[Any]) -> None:
        self._pages = [*pages, []]
        self.requests: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.visible: list[str] = []

    def receive_message(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        page = self._pages.pop(0)
        return {"Messages": page} if page else {}

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


def run(sqs: Sqs, invoke: Any, *, dry_run: bool = False) -> Redrive:
    redrive = Redrive(FUNCTIONS, invoke, dry_run)
    redrive.drain("q", queue(sqs))
    return redrive


def test_message_is_deleted_when_every_function_answers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    invoked: list[tuple[str, Any]] = []

    def invoke(**request: Any) -> dict[str, Any]:
        invoked.append((request["FunctionName"], json.loads(request["Payload"])))
        return {}

    sqs = Sqs([message(rule_error(json.dumps(PAYLOAD).encode(), STORE, ALERT))])
    redrive = run(sqs, invoke)
    assert (redrive.delivered, redrive.kept) == (1, 0)
    assert [arn for arn, _ in invoked] == [STORE, ALERT]
    assert all(event["topic_device_id"] == "cam-1" for _, event in invoked)
    assert (sqs.deleted, sqs.visible) == (["receipt-1"], [])
    assert capsys.readouterr().out == (
        "q, 2026-11-22T10:00:00.250Z, cam-1: Rate exceeded -> delivered to store, alert\n"
    )


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b'{"errorType": "KeyError", "errorMessage": "a\\n b"}', "KeyError: a b"),
        (b"", "None: None"),
    ],
)
def test_message_is_kept_when_its_function_fails_again(
    capsys: pytest.CaptureFixture[str], payload: bytes, problem: str
) -> None:
    answer = {"FunctionError": "Unhandled", "Payload": io.BytesIO(payload)}
    sqs = Sqs([message(RULE_EVENT)])
    redrive = run(sqs, lambda **_: answer)
    assert (redrive.delivered, redrive.kept) == (0, 1)
    assert (sqs.deleted, sqs.visible) == ([], ["receipt-1"])
    assert f"-> kept, it failed again: {problem}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "error",
    [
        client_error("TooManyRequestsException", "Rate Exceeded.", operation="Invoke"),
        ReadTimeoutError(endpoint_url="https://lambda"),
    ],
    ids=["refused", "no answer"],
)
def test_message_is_kept_when_lambda_does_not_accept_it(
    capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def invoke(**_: Any) -> dict[str, Any]:
        raise error

    sqs = Sqs([message(RULE_EVENT)])
    assert run(sqs, invoke).kept == 1
    assert sqs.visible == ["receipt-1"]
    assert "-> kept, Lambda did not accept it: " in capsys.readouterr().out


def test_messages_become_visible_again_when_the_run_is_interrupted() -> None:
    def invoke(**_: Any) -> dict[str, Any]:
        raise KeyboardInterrupt

    sqs = Sqs([message(RULE_EVENT), message(RULE_EVENT, "2")])
    with pytest.raises(KeyboardInterrupt):
        run(sqs, invoke)
    assert (sqs.deleted, sqs.visible) == ([], ["receipt-1", "receipt-2"])


def test_client_waits_longer_than_a_function_may_run() -> None:
    template = load_template(ROOT / "template.yaml")
    default = template.section("Globals")["Function"]["Timeout"]
    timeouts = [
        template.resource(name)["Properties"].get("Timeout", default)
        for name in ("StoreEventFunction", "SendAlertFunction")
    ]
    assert _INVOKE_CONFIG.read_timeout >= 2 * max(timeouts)  # type: ignore[attr-defined]
    assert _INVOKE_CONFIG.connect_timeout == 5  # type: ignore[attr-defined]


def test_nothing_is_invoked_or_deleted_in_a_dry_run(capsys: pytest.CaptureFixture[str]) -> None:
    def invoke(**_: Any) -> dict[str, Any]:
        raise AssertionError

    sqs = Sqs([message(RULE_EVENT), message("?", "2")])
    redrive = run(sqs, invoke, dry_run=True)
    assert (redrive.delivered, redrive.kept) == (1, 1)
    assert (sqs.deleted, sqs.visible) == ([], ["receipt-1", "receipt-2"])
    assert "-> would be delivered to store\n" in capsys.readouterr().out
