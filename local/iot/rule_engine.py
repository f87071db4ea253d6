"""The rules engine: subscribes to the broker and sends messages to the queues of the rules."""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.endpoints import LocalAws
from local.cloudformation.rule_spec import QueueAction, RuleSpec
from local.iot.subscriber import Subscriber
from local.iot_sql import UNDEFINED, PayloadError

# "AWS IoT Core message broker and protocol limits and quotas"
MAX_PAYLOAD_BYTES = 128 * 1024
MAX_TOPIC_BYTES = 256
MAX_SLASHES = 7


class RuleListener:
    """Applies one rule to the messages of the broker.

    Each rule has its own connection, so that a broker never delivers a message twice because
    two filters overlap.

    Parameters
    ----------
    rule : RuleSpec
        The rule.
    aws : LocalAws
        Where the queues are.
    on_problem : callable
        Called with one line for each message that could not be delivered.
    """

    def __init__(
        self,
        rule: RuleSpec,
        aws: LocalAws,
        on_problem: Callable[[str], None],
    ) -> None:
        self._rule = rule
        self._aws = aws
        self._on_problem = on_problem
        self._basic_ingest = f"$aws/rules/{rule.name}/"
        self._delivering = threading.Event()
        self._stopped = False
        filters = [rule.query.topic_filter, f"{self._basic_ingest}#"]
        self._subscriber = Subscriber("the rules engine", filters, self._receive, on_problem)

    def start(self, port: int) -> None:
        """Connect to the broker and wait until it confirms the subscription.

        Raises
        ------
        StartError
            When the broker does not answer.
        """
        self._subscriber.start(port)

    def deliver(self) -> None:
        """Deliver from now on, because the queues exist. Until then messages wait."""
        self._delivering.set()

    def stop(self) -> None:
        """Disconnect."""
        self._stopped = True
        self._delivering.set()
        self._subscriber.stop()

    def handle(self, topic: str, payload: bytes) -> None:
        """Apply the rule to one message, which may use Basic Ingest."""
        topic = topic.removeprefix(self._basic_ingest)
        if (
            len(topic.encode()) > MAX_TOPIC_BYTES
            or topic.count("/") > MAX_SLASHES
            or len(payload) > MAX_PAYLOAD_BYTES
        ):
            self._on_problem(f"{topic[:80]}: AWS IoT Core refuses it: topic or payload too long")
            return
        actions = self._rule.actions
        try:
            result = self._rule.query.evaluate(topic, payload, int(time.time() * 1000))
        except PayloadError as error:
            urls = [action.queue_url for action in actions] or [""]
            self._report(topic, payload, [_failure(url, error) for url in urls])
            return
        if result is UNDEFINED:
            return
        # ASCII: JSON may escape half a surrogate pair, which UTF-8 cannot encode
        text = json.dumps(result, separators=(",", ":"))
        failures = []
        for action in actions:
            try:
                self._send(action, text)
            except (BotoCoreError, ClientError) as error:
                failures.append(_failure(action.queue_url, error))
        if failures:
            self._report(topic, payload, failures)

    def _report(self, topic: str, payload: bytes, failures: Sequence[dict[str, str]]) -> None:
        """Send the error action's message ("Error handling (error action)", AWS IoT Core)."""
        self._on_problem(f"{topic}: {failures[0]['errorMessage']}")
        if self._rule.error_action is None:
            return
        message = json.dumps(
            {
                "ruleName": self._rule.name,
                "topic": topic,
                "cloudwatchTraceId": str(uuid.uuid4()),
                "clientId": "",
                "base64OriginalPayload": base64.b64encode(payload).decode(),
                "failures": failures,
            }
        )
        try:
            self._send(self._rule.error_action, message)
        except (BotoCoreError, ClientError) as error:
            self._on_problem(f"{topic}: the error action failed too: {error}")

    def _send(self, action: QueueAction, text: str) -> None:
        if action.base64:
            text = base64.b64encode(text.encode()).decode()
        self._aws.sqs.send_message(QueueUrl=action.queue_url, MessageBody=text)

    def _receive(self, topic: str, payload: bytes) -> None:
        self._delivering.wait()
        if not self._stopped:
            self.handle(topic, payload)


def _failure(queue_url: str, error: Exception) -> dict[str, str]:
    return {"failedAction": "SqsAction", "failedResource": queue_url, "errorMessage": str(error)}
