"""Asynchronous invocations: a queue per function, retries, records of failures.

Source: "Error handling for asynchronous invocation" and "Capturing records of Lambda
asynchronous invocations", AWS Lambda Developer Guide.
"""

from __future__ import annotations

import json
import queue
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.endpoints import LocalAws
from local.cloudformation.function_spec import FunctionSpec
from local.cloudformation.physical import queue_url
from local.errors import DeliveryError
from local.functions.function_runtime import FunctionRuntime
from local.functions.runtime_api import Answer

MAX_PAYLOAD_BYTES = 1024 * 1024  # of an asynchronous invocation, "Lambda quotas"


@dataclass(frozen=True)
class Outcome:
    """The result of one attempt.

    Attributes
    ----------
    function : str
        The function's logical id.
    payload : bytes
        The event.
    answer : Answer
        What the function answered.
    attempt : int
        1 for the first attempt.
    final : bool
        False when a retry follows.
    ended_at : float
        Seconds since the epoch.
    """

    function: str
    payload: bytes
    answer: Answer
    attempt: int
    final: bool
    ended_at: float


@dataclass(frozen=True)
class _Job:
    payload: bytes
    qualifier: str | None
    attempt: int = 1
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))  # the same for all attempts


@dataclass
class _Line:
    spec: FunctionSpec
    jobs: queue.Queue[_Job | None] = field(default_factory=queue.Queue)


class AsyncInvoker:
    """Invokes functions in the background, each with one event at a time.

    It accepts events at once and keeps them until the function is attached: a device may send
    while the functions start.

    Parameters
    ----------
    specs : sequence of FunctionSpec
        The functions.
    aws : LocalAws
        Where the on-failure queues are.
    retry_delay_s : float
        Pause before the first retry, twice that before the second. Lambda waits one minute,
        then two.
    on_outcome : callable
        Called in the background with the `Outcome` of each attempt.
    """

    def __init__(
        self,
        specs: Sequence[FunctionSpec],
        aws: LocalAws,
        retry_delay_s: float,
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self._aws = aws
        self._retry_delay_s = retry_delay_s
        self._on_outcome = on_outcome
        self._lines = {spec.arn: _Line(spec) for spec in specs}
        self._pending = 0
        self._closed = False
        self._changed = threading.Condition()

    def attach(self, runtime: FunctionRuntime) -> None:
        """Start to invoke a function."""
        threading.Thread(
            target=self._work,
            args=(self._lines[runtime.spec.arn], runtime),
            name=f"async {runtime.spec.logical_id}",
            daemon=True,
        ).start()

    def accept(self, function_arn: str, payload: bytes) -> None:
        """Accept an event, as Lambda does with status 202.

        Raises
        ------
        DeliveryError
            When the function does not exist or the event is too large.
        """
        line, qualifier = self._line(function_arn)
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise DeliveryError(f"the event has more than {MAX_PAYLOAD_BYTES} bytes")
        with self._changed:
            self._pending += 1
        line.jobs.put(_Job(payload, qualifier))

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until every event and its retries are done; False when the time is up."""
        with self._changed:
            return self._changed.wait_for(lambda: self._pending == 0, timeout_s)

    def close(self) -> None:
        """Stop invoking, and ignore the failures of functions that are being ended."""
        self._closed = True
        for line in self._lines.values():
            line.jobs.put(None)

    def _line(self, function_arn: str) -> tuple[_Line, str | None]:
        if function_arn in self._lines:
            return self._lines[function_arn], None
        arn, _, qualifier = function_arn.rpartition(":")
        if arn not in self._lines:
            raise DeliveryError(f"unknown function {function_arn}")
        return self._lines[arn], qualifier

    def _work(self, line: _Line, runtime: FunctionRuntime) -> None:
        while (job := line.jobs.get()) is not None:
            answer = runtime.invoke(job.payload, job.qualifier, job.request_id)
            if self._closed:
                return
            failed = answer.error_type is not None
            retry = failed and job.attempt <= line.spec.retries
            if retry:
                self._retry_later(line, job)
            elif failed:
                self._record_failure(line.spec, job, answer)
            self._report(line.spec, job, answer, final=not retry)
            if not retry:
                with self._changed:
                    self._pending -= 1
                    self._changed.notify_all()

    def _report(self, spec: FunctionSpec, job: _Job, answer: Answer, *, final: bool) -> None:
        self._on_outcome(
            Outcome(spec.logical_id, job.payload, answer, job.attempt, final, time.time())
        )

    def _retry_later(self, line: _Line, job: _Job) -> None:
        again = replace(job, attempt=job.attempt + 1)
        timer = threading.Timer(self._retry_delay_s * job.attempt, line.jobs.put, [again])
        timer.daemon = True
        timer.start()

    def _record_failure(self, spec: FunctionSpec, job: _Job, answer: Answer) -> None:
        arn = spec.failure_queue_arn
        if arn is None:
            return
        url = queue_url(self._aws.endpoint_url, arn.rpartition(":")[2])
        body = json.dumps(_failure_record(spec.arn, job, answer))
        try:
            self._aws.sqs.send_message(QueueUrl=url, MessageBody=body)
        except (BotoCoreError, ClientError) as error:
            failed = Answer.error("DestinationFailed", f"{arn}: {error}")
            self._report(spec, job, failed, final=True)


def _failure_record(function_arn: str, job: _Job, answer: Answer) -> dict[str, Any]:
    """Return the record that Lambda sends to an on-failure destination."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "version": "1.0",
        "timestamp": now,
        "requestContext": {
            "requestId": job.request_id,
            "functionArn": f"{function_arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": job.attempt,
        },
        "requestPayload": json.loads(job.payload),
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": json.loads(answer.payload),
    }
