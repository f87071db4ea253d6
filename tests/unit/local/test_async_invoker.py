"""Asynchronous invocations: retries and their pauses, records of failures, limits."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from local.aws.endpoints import LocalAws
from local.cloudformation.function_spec import FunctionSpec
from local.errors import DeliveryError
from local.functions.async_invoker import AsyncInvoker, Outcome
from local.functions.function_runtime import FunctionRuntime
from local.functions.runtime_api import Answer
from tests.helpers.waiting import wait_until

ARN = "arn:aws:lambda:us-east-1:123456789012:function:Store"
MAX_PAYLOAD_BYTES = 1024 * 1024  # "Lambda quotas"
GOOD = Answer(b"{}")
BAD = Answer.error("ValueError", "as asked")


def spec(retries: int = 2, queue: str | None = "arn:aws:sqs:us-east-1:1:Failures") -> FunctionSpec:
    return FunctionSpec(
        "Store", "Store", ARN, "app.handler", Path(), retries=retries, failure_queue_arn=queue
    )


class Runtime(FunctionRuntime):
    """Gives prepared answers, the last one again and again."""

    def __init__(self, function: FunctionSpec, *answers: Answer) -> None:
        self.spec = function
        self._answers = list(answers)
        self.invoked: list[tuple[bytes, str | None, str | None]] = []

    def invoke(
        self, payload: bytes, qualifier: str | None = None, request_id: str | None = None
    ) -> Answer:
        self.invoked.append((payload, qualifier, request_id))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Queue:
    """SQS: records what is sent, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[dict[str, str]] = []
        self._error = error

    def send_message(self, **message: str) -> None:
        if self._error is not None:
            raise self._error
        self.sent.append(message)


class Setup:
    def __init__(
        self, *answers: Answer, delay_s: float = 0.0, queue: Queue | None = None, **of: Any
    ) -> None:
        self.outcomes: list[Outcome] = []
        self.queue = queue or Queue()
        aws = LocalAws("http://127.0.0.1:1")
        vars(aws)["sqs"] = self.queue  # instead of the cached client
        function = spec(**of)
        self.runtime = Runtime(function, *answers)
        self.invoker = AsyncInvoker([function], aws, delay_s, self.outcomes.append)

    def run(self, payload: bytes = b'{"a": 1}', arn: str = ARN) -> list[Outcome]:
        self.invoker.attach(self.runtime)
        self.invoker.accept(arn, payload)
        assert self.invoker.wait_idle(30)
        self.invoker.close()
        return self.outcomes


def test_retries_wait_once_then_twice_the_delay() -> None:
    delay_s = 0.15
    first, second, third = Setup(BAD, delay_s=delay_s).run()
    assert second.ended_at - first.ended_at >= delay_s
    assert third.ended_at - second.ended_at >= 2 * delay_s


def test_event_is_retried_until_the_function_succeeds() -> None:
    setup = Setup(BAD, GOOD)
    outcomes = setup.run()
    assert [(one.attempt, one.final) for one in outcomes] == [(1, False), (2, True)]
    assert outcomes[1].answer == GOOD
    assert setup.queue.sent == []


def test_event_is_not_retried_when_the_template_allows_no_retries() -> None:
    assert [(one.attempt, one.final) for one in Setup(BAD, retries=0).run()] == [(1, True)]


def test_failure_is_recorded_in_the_queue_after_the_last_attempt() -> None:
    setup = Setup(BAD)
    setup.run()
    [message] = setup.queue.sent
    assert message["QueueUrl"] == "http://127.0.0.1:1/123456789012/Failures"
    record = json.loads(message["MessageBody"])
    assert record["requestPayload"] == {"a": 1}
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestContext"]["functionArn"] == f"{ARN}:$LATEST"
    assert record["responsePayload"]["errorType"] == "ValueError"
    assert record["timestamp"].endswith("Z")
    request_ids = {request_id for _, _, request_id in setup.runtime.invoked}
    assert request_ids == {record["requestContext"]["requestId"]}


def test_failure_is_only_reported_when_the_template_names_no_queue() -> None:
    setup = Setup(BAD, queue=Queue(), retries=0)
    setup.runtime.spec = spec(retries=0, queue=None)
    setup.invoker = AsyncInvoker([setup.runtime.spec], LocalAws(""), 0.0, setup.outcomes.append)
    assert [one.answer for one in setup.run()] == [BAD]


def test_failure_to_record_a_failure_is_reported_too() -> None:
    error = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    lost, failed = Setup(BAD, queue=Queue(error), retries=0).run()
    assert lost.answer.error_type == "DestinationFailed"
    assert "Failures" in lost.answer.error_message()
    assert failed.answer == BAD


def test_event_waits_when_the_function_is_not_attached_yet() -> None:
    setup = Setup(GOOD)
    setup.invoker.accept(ARN, b"{}")
    assert not setup.invoker.wait_idle(0.05)
    setup.invoker.attach(setup.runtime)
    assert setup.invoker.wait_idle(30)
    setup.invoker.close()
    assert len(setup.outcomes) == 1


def test_alias_of_the_arn_reaches_the_function() -> None:
    setup = Setup(GOOD)
    setup.run(arn=f"{ARN}:live")
    assert setup.runtime.invoked[0][:2] == (b'{"a": 1}', "live")


def test_event_is_refused_when_the_function_does_not_exist() -> None:
    with pytest.raises(DeliveryError, match="unknown function"):
        Setup(GOOD).invoker.accept(f"{ARN}Other", b"{}")


def test_event_is_refused_when_it_is_larger_than_lambda_allows() -> None:
    invoker = Setup(GOOD).invoker
    invoker.accept(ARN, b"0" * MAX_PAYLOAD_BYTES)
    with pytest.raises(DeliveryError, match="more than 1048576 bytes"):
        invoker.accept(ARN, b"0" * (MAX_PAYLOAD_BYTES + 1))


def test_failure_is_not_reported_when_the_function_is_ended_with_the_run() -> None:
    setup = Setup(BAD)
    running, ended = threading.Event(), threading.Event()

    def invoke(*_: object) -> Answer:
        running.set()
        ended.wait(30)
        return BAD

    setup.runtime.invoke = invoke  # type: ignore[method-assign]
    setup.invoker.attach(setup.runtime)
    setup.invoker.accept(ARN, b"{}")
    assert running.wait(30)
    setup.invoker.close()
    ended.set()
    wait_until(lambda: not any(t.name == "async Store" for t in threading.enumerate()))
    assert setup.outcomes == []
    assert setup.queue.sent == []
