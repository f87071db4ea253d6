"""The IoT rules engine: listens to the broker and hands messages on as the rules say."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable

import paho.mqtt.client as mqtt
from botocore.exceptions import BotoCoreError, ClientError
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from local.aws.endpoints import LocalAws
from local.cloudformation.rule_spec import RuleSpec
from local.errors import DeliveryError, PayloadError, StartError
from local.functions.async_invoker import AsyncInvoker
from local.iot_sql.syntax import Message
from local.iot_sql.topics import topic_matches, within_aws_limits
from local.iot_sql.values import UNDEFINED, parse_payload
from local.processes.child import LOOPBACK

MAX_PAYLOAD_BYTES = 128 * 1024  # of a message, "AWS IoT Core quotas"
_BASIC_INGEST = "$aws/rules/{rule}/"
_SUBSCRIBE_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


class RuleListener:
    """One rule at work.

    A connection for each rule, so that overlapping filters never deliver a message twice to one.

    Parameters
    ----------
    rule : RuleSpec
        What it does.
    invoker : AsyncInvoker
        Takes the functions' events.
    aws : LocalAws
        Where the error queue is.
    on_problem : callable
        Told in one line of each message that could not be handed over.
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
        self._prefix = _BASIC_INGEST.format(rule=rule.name)
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
            When the broker does not.
        """
        try:
            self._client.connect(LOOPBACK, port, keepalive=60)
        except OSError as error:
            raise StartError(f"the rule engine cannot reach the broker: {error}") from error
        self._client.loop_start()
        if not self._subscribed.wait(_SUBSCRIBE_TIMEOUT_S):
            raise StartError("the broker did not confirm the rule engine's subscription")

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def handle(self, topic: str, payload: bytes) -> None:
        """Apply the rule to one message, which may come through Basic Ingest."""
        topic = topic.removeprefix(self._prefix)
        if not within_aws_limits(topic) or len(payload) > MAX_PAYLOAD_BYTES:
            self._on_problem(
                f"{topic[:80]}: AWS IoT Core would refuse it: topic or payload too long"
            )
            return
        try:
            value = parse_payload(payload)
            result = self._rule.query.evaluate(Message(topic, value, int(time.time() * 1000)))
        except PayloadError as error:
            self._report(topic, payload, [self._failure(arn, error) for arn in self._targets()])
            return
        if result is UNDEFINED:
            return
        # ASCII, for JSON may escape half a surrogate pair, which UTF-8 cannot spell
        event = json.dumps(result, separators=(",", ":")).encode("ascii")
        failures = []
        for arn in self._rule.function_arns:
            try:
                self._invoker.accept(arn, event)
            except DeliveryError as error:
                failures.append(self._failure(arn, error))
        if failures:
            self._report(topic, payload, failures)

    def _targets(self) -> tuple[str, ...]:
        return self._rule.function_arns or ("",)

    @staticmethod
    def _failure(arn: str, error: Exception) -> dict[str, str]:
        return {
            "failedAction": "LambdaAction",
            "failedResource": arn,
            "errorMessage": str(error),
        }

    def _report(self, topic: str, payload: bytes, failures: list[dict[str, str]]) -> None:
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

    def _on_connect(
        self,
        client: mqtt.Client,
        userdata: object,  # noqa: ARG002 - paho's signature
        flags: mqtt.ConnectFlags,  # noqa: ARG002
        reason: ReasonCode,
        properties: Properties | None,  # noqa: ARG002
    ) -> None:
        if not reason.is_failure:
            client.subscribe([(self._rule.query.topic_filter, 1), (f"{self._prefix}#", 1)])

    def _on_subscribe(
        self,
        client: mqtt.Client,  # noqa: ARG002 - paho's signature
        userdata: object,  # noqa: ARG002
        mid: int,  # noqa: ARG002
        reasons: list[ReasonCode],
        properties: Properties | None,  # noqa: ARG002
    ) -> None:
        if not reasons[0].is_failure:
            self._subscribed.set()

    def _on_message(
        self,
        client: mqtt.Client,  # noqa: ARG002 - paho's signature
        userdata: object,  # noqa: ARG002
        message: mqtt.MQTTMessage,
    ) -> None:
        topic = message.topic
        direct = topic.startswith(self._prefix)
        if direct or topic_matches(self._rule.query.topic_filter, topic):
            try:
                self.handle(topic, bytes(message.payload))
            except Exception as error:  # noqa: BLE001 - the guard of paho's thread, which would end
                _log.exception("message not handled", extra={"topic": topic})
                self._on_problem(f"{topic[:80]}: not handled: {type(error).__name__}: {error}")
