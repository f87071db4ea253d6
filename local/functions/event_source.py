"""Event source mappings: messages of a queue invoke a function.

As on AWS, a message leaves its queue when the function succeeded with it. A message that failed
comes back after a while, until the queue's redrive policy makes it a dead letter.
Source: "Using Lambda with Amazon SQS", AWS Lambda Developer Guide.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.endpoints import LocalAws
from local.cloudformation.event_source_spec import EventSourceSpec
from local.functions.function_runtime import FunctionRuntime
from local.functions.runtime_api import Answer
from local.functions.sqs_event import failed_ids, sqs_event

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import (
        ChangeMessageVisibilityBatchRequestEntryTypeDef,
        DeleteMessageBatchRequestEntryTypeDef,
        MessageTypeDef,
    )

_WAIT_S = 20  # of long polling, as Lambda's pollers wait
_ERROR_PAUSE_S = 0.5
_UNKNOWN = "the function logged no reason"
_HELP_PAUSE_S = 0.05  # between two looks for work by a further environment


@dataclass(frozen=True)
class Outcome:
    """The result of one invocation.

    Attributes
    ----------
    function : str
        The function's logical id.
    bodies : tuple of str
        The bodies of the messages that the function succeeded with.
    failures : tuple of str
        One line for each message that failed: the reason.
    message_count : int
        Number of messages in the invocation.
    ended_at : float
        Seconds since the epoch.
    """

    function: str
    bodies: tuple[str, ...]
    failures: tuple[str, ...]
    message_count: int
    ended_at: float


class EventSource:
    """Polls one queue and invokes the function with its messages.

    Each execution environment has a thread. The first one waits for messages. The others take
    messages only while all before them are busy, so that they start when there is work for them.

    Parameters
    ----------
    spec : EventSourceSpec
        Queue, batch size and concurrency.
    runtimes : sequence of FunctionRuntime
        The environments of the function.
    aws : LocalAws
        Where the queue is.
    retry_delay_s : float
        When a failed message comes back. On AWS that is the queue's visibility timeout.
    on_outcome : callable
        Called in the background with the `Outcome` of each invocation.
    """

    def __init__(
        self,
        spec: EventSourceSpec,
        runtimes: Sequence[FunctionRuntime],
        aws: LocalAws,
        retry_delay_s: float,
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self._spec = spec
        self._runtimes = runtimes
        self._aws = aws
        self._retry_delay_s = round(retry_delay_s)  # SQS takes whole seconds
        self._on_outcome = on_outcome
        self._busy = 0
        self._changed = threading.Condition()
        self._closed = threading.Event()

    def start(self) -> None:
        """Start to poll."""
        for number, runtime in enumerate(self._runtimes):
            threading.Thread(
                target=self._work,
                args=(number, runtime),
                name=f"{self._spec.function} {number + 1}",
                daemon=True,
            ).start()

    def close(self) -> None:
        """Stop polling, and ignore the failures of functions that are being ended."""
        self._closed.set()

    def _work(self, number: int, runtime: FunctionRuntime) -> None:
        while not self._closed.is_set():
            if number and not self._is_needed(number):
                continue
            try:
                messages = self._receive(0 if number else _WAIT_S)
                if messages:
                    self._invoke(runtime, messages)
                elif number:
                    self._closed.wait(_HELP_PAUSE_S)
            except (BotoCoreError, ClientError):  # the server has ended, or is ending
                self._closed.wait(_ERROR_PAUSE_S)

    def _is_needed(self, number: int) -> bool:
        """Wait a moment until all environments before this one are busy."""
        with self._changed:
            return self._changed.wait_for(lambda: self._busy >= number, _ERROR_PAUSE_S)

    def _receive(self, wait_s: int) -> list[MessageTypeDef]:
        received = self._aws.sqs.receive_message(
            QueueUrl=self._spec.queue_url,
            MaxNumberOfMessages=self._spec.batch_size,
            WaitTimeSeconds=wait_s,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return received.get("Messages", [])

    def _invoke(self, runtime: FunctionRuntime, messages: Sequence[MessageTypeDef]) -> None:
        self._count_busy(1)
        try:
            event = sqs_event(messages, self._spec.queue_arn, self._aws.region)
            answer = runtime.invoke(event)
            if self._closed.is_set():
                return
            failed = self._failed(answer, [message["MessageId"] for message in messages])
            self._settle(messages, failed)
        finally:
            self._count_busy(-1)
        reason = answer.error_message()
        self._on_outcome(
            Outcome(
                self._spec.function,
                tuple(m["Body"] for m in messages if m["MessageId"] not in failed),
                tuple(reason or runtime.logged_error(one) or _UNKNOWN for one in failed),
                len(messages),
                time.time(),
            )
        )

    def _count_busy(self, change: int) -> None:
        with self._changed:
            self._busy += change
            self._changed.notify_all()

    def _failed(self, answer: Answer, ids: Sequence[str]) -> set[str]:
        if answer.error_type is not None:
            return set(ids)
        return failed_ids(answer.payload, ids) if self._spec.reports_failures else set()

    def _settle(self, messages: Sequence[MessageTypeDef], failed: set[str]) -> None:
        """Delete the messages that succeeded, and let the others come back soon."""
        url, sqs = self._spec.queue_url, self._aws.sqs
        handles = [(m["MessageId"], m["ReceiptHandle"]) for m in messages]
        done: list[DeleteMessageBatchRequestEntryTypeDef] = [
            {"Id": i, "ReceiptHandle": handle} for i, handle in handles if i not in failed
        ]
        back: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
            {"Id": i, "ReceiptHandle": handle, "VisibilityTimeout": self._retry_delay_s}
            for i, handle in handles
            if i in failed
        ]
        if done:
            sqs.delete_message_batch(QueueUrl=url, Entries=done)
        if back:
            sqs.change_message_visibility_batch(QueueUrl=url, Entries=back)
