"""The rules engine: subscribes to the broker and sends messages where the rules say."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from botocore.exceptions import BotoCoreError, ClientError
from paho.mqtt.enums import CallbackAPIVersion

from local.aws.endpoints import LocalAws
from local.cloudformation.rule_spec import RuleSpec
from local.errors import DeliveryError, StartError
from local.functions.async_invoker import AsyncInvoker
from local.iot_sql import UNDEFINED, PayloadError
from local.network.ports import LOOPBACK

# "AWS IoT Core message broker and protocol limits and quotas"
MAX_PAYLOAD_BYTES = 128 * 1024
MAX_TOPIC_BYTES = 256
MAX_SLASHES = 7
_SUBSCRIBE_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


class RuleListener:
    """Applies one rule to the messages of the broker.

    Each rule has its own connection, so that a broker never delivers a message twice because
    two filters overlap.

    Parameters
    ----------
    rule : RuleSpec
        The rule.
    invoker : AsyncInvoker
        Accepts the functions' events.
    aws : LocalAws
        Where the error queue is.
    on_problem : callable
        Called with one line for each message that could not be delivered.
    """

    def __init__(
        self,
        rule: RuleSpec,
        invoker: AsyncInvoker,
        aws: LocalAws,
        on_problem: Callable[[str], None],
    ) -> None:
        self._rule = rule
        self._invoker = invoker
        self._aws = aws
        self._on_problem = on_problem
        self._basic_ingest = f"$aws/rules/{rule.name}/"
        self._subscribed = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"rule-{rule.name}-{uuid.uuid4().hex[:8]}"
        )
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def start(self, port: int) -> None:
        """Connect to the broker and wait until it confirms the subscription.

        Raises
        ------
        StartError
            When the broker does not answer.
        """
        try:
            self._client.connect(LOOPBACK, port, keepalive=60)
        except OSError as error:
            raise StartError(f"the rules engine cannot reach the broker: {error}") from error
        self._client.loop_start()
        if not self._subscribed.wait(_SUBSCRIBE_TIMEOUT_S):
            raise StartError("the broker did not confirm the subscription of the rules engine")

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

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
        arns = self._rule.function_arns
        try:
            result = self._rule.query.evaluate(topic, payload, int(time.time() * 1000))
        except PayloadError as error:
            self._report(topic, payload, [_failure(arn, error) for arn in arns or [""]])
            return
        if result is UNDEFINED:
            return
        # ASCII: JSON may escape half a surrogate pair, which UTF-8 cannot encode
        event = json.dumps(result, separators=(",", ":")).encode("ascii")
        failures = []
        for arn in arns:
            try:
                self._invoker.accept(arn, event)
            except DeliveryError as error:
                failures.append(_failure(arn, error))
        if failures:
            self._report(topic, payload, failures)

    def _report(self, topic: str, payload: bytes, failures: Sequence[dict[str, str]]) -> None:
        """Send the error action's message ("Error handling (error action)", AWS IoT Core)."""
        self._on_problem(f"{topic}: {failures[0]['errorMessage']}")
        if self._rule.error_queue_url is None:
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
        if self._rule.error_base64:
            message = base64.b64encode(message.encode()).decode()
        try:
            self._aws.sqs.send_message(QueueUrl=self._rule.error_queue_url, MessageBody=message)
        except (BotoCoreError, ClientError) as error:
            self._on_problem(f"{topic}: the error action failed too: {error}")

    # --- called by paho, in its thread ---

    def _on_connect(self, client: mqtt.Client, *reply: Any) -> None:
        _userdata, _flags, reason, _properties = reply
        if not reason.is_failure:
            client.subscribe([(self._rule.query.topic_filter, 1), (f"{self._basic_ingest}#", 1)])

    def _on_subscribe(self, _client: mqtt.Client, *reply: Any) -> None:
        _userdata, _message_id, reasons, _properties = reply
        if not reasons[0].is_failure:
            self._subscribed.set()

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        try:
            self.handle(message.topic, bytes(message.payload))
        except Exception as error:  # noqa: BLE001 - else paho's thread would end
            _log.exception("message not handled", extra={"topic": message.topic})
            self._on_problem(f"{message.topic[:80]}: not handled: {type(error).__name__}: {error}")


def _failure(arn: str, error: Exception) -> dict[str, str]:
    return {"failedAction": "LambdaAction", "failedResource": arn, "errorMessage": str(error)}
