"""A message in a dead-letter queue: why it is there, and how to deliver it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from smile_cloud.rule_message import DEVICE_FIELD, RECEIVED_FIELD, RuleMessage, device_id_of
from smile_contract import ContractError, format_time

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_BASIC_INGEST = "$aws/rules/"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message of a dead-letter queue.

    Attributes
    ----------
    sent_at : datetime
        When the message was sent to the queue, UTC.
    reason : str
        Why.
    event : object
        The payload for the functions.
    functions : tuple of str
        ARNs of the functions' aliases to invoke.
    undeliverable : str
        Why the message cannot be delivered; empty if it can.
    """

    sent_at: datetime
    reason: str
    event: object = None
    functions: tuple[str, ...] = ()
    undeliverable: str = ""

    @property
    def device(self) -> str:
        """Device id for people."""
        found = device_id_of(self.event)
        return found if isinstance(found, str) else "unknown device"


@dataclass(frozen=True, slots=True)
class Functions:
    """The stack's functions, each as the ARN of its alias.

    Attributes
    ----------
    store : str
        The function that sends messages which break the contract to the queue.
    others : tuple of str
        The other functions that messages invoke.
    """

    store: str
    others: tuple[str, ...]

    def alias_of(self, arn: str) -> str | None:
        """Return the alias for an ARN of any version; None for a function of another stack."""
        for alias in (self.store, *self.others):
            if _unqualified(alias) == _unqualified(arn):
                return alias
        return None


def parse_dead_letter(message: MessageTypeDef, functions: Functions) -> DeadLetter:
    """Parse a message of either queue.

    Parameters
    ----------
    message : MessageTypeDef
        As SQS returns it. ``store_event`` sets the message attribute ``reason``.
    functions : Functions
        Functions that may be invoked.
    """
    at = sent_at(message)
    try:
        content = json.loads(message["Body"])
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return DeadLetter(at, "not from this stack", undeliverable="it is not a JSON object")
    if "requestContext" in content and "requestPayload" in content:
        return _failed_invocation(content, at, functions)
    if "base64OriginalPayload" in content:
        return _failed_rule(content, at, functions)
    attributes = message.get("MessageAttributes", {})
    reason = attributes["reason"]["StringValue"] if "reason" in attributes else "unknown reason"
    return _broken_contract(content, at, reason, functions)


def _failed_invocation(record: Mapping[str, Any], at: datetime, functions: Functions) -> DeadLetter:
    """Parse Lambda's record of an asynchronous invocation.

    "Capturing records of Lambda asynchronous invocations" in the AWS Lambda Developer Guide.
    """
    context, answer = record["requestContext"], record.get("responsePayload") or {}
    reason = str(context.get("condition", "failed"))
    if isinstance(answer, Mapping) and "errorType" in answer:
        reason += f", {answer['errorType']}: {answer.get('errorMessage', '')}"
    event, arn = record["requestPayload"], str(context.get("functionArn", ""))
    alias = functions.alias_of(arn)
    if alias is None:
        problem = f"{arn or 'its function'} is not in this stack"
        return DeadLetter(at, reason, event, undeliverable=problem)
    return DeadLetter(at, reason, event, (alias,))


def _failed_rule(error: Mapping[str, Any], at: datetime, functions: Functions) -> DeadLetter:
    """Parse what the rule's error action sends.

    "Error handling (error action)" in the AWS IoT Core Developer Guide.
    """
    failures: Sequence[Mapping[str, Any]] = error.get("failures") or []
    messages = dict.fromkeys(str(failure.get("errorMessage")) for failure in failures)
    reason = "; ".join(messages) or "unknown reason"
    segments = _without_basic_ingest(str(error.get("topic", ""))).split("/")
    # The rule's SQL adds these fields.
    added = {
        DEVICE_FIELD: segments[1] if len(segments) > 1 else "",
        RECEIVED_FIELD: round(at.timestamp() * 1000),
    }
    try:
        payload = json.loads(base64.b64decode(str(error["base64OriginalPayload"])))
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        return DeadLetter(at, reason, added, undeliverable="the payload is not a JSON object")
    aliases = [functions.alias_of(str(failure.get("failedResource"))) for failure in failures]
    known = tuple(dict.fromkeys(alias for alias in aliases if alias is not None))
    if not known:
        problem = "none of the functions that failed is in this stack"
        return DeadLetter(at, reason, added, undeliverable=problem)
    return DeadLetter(at, reason, payload | added, known)


def _broken_contract(
    event: Mapping[str, Any], at: datetime, reason: str, functions: Functions
) -> DeadLetter:
    try:
        rejected = [one.error for one in RuleMessage.from_rule(event).rejected]
    except ContractError as error:
        rejected = [error]
    if rejected:
        problem = f"it still breaks the contract: {rejected[0]}"
        return DeadLetter(at, reason, event, undeliverable=problem)
    return DeadLetter(at, reason, event, (functions.store,))


def _without_basic_ingest(topic: str) -> str:
    if topic.startswith(_BASIC_INGEST):
        return topic.removeprefix(_BASIC_INGEST).partition("/")[2]
    return topic


def _unqualified(arn: str) -> str:
    return ":".join(arn.split(":")[:7])


def sent_at(message: MessageTypeDef) -> datetime:
    """Return when a message was sent to its queue, UTC."""
    return datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)


def describe(queue: str, message: DeadLetter) -> str:
    """Return one line for people: queue, time, device and reason."""
    reason = " ".join(message.reason.split())
    return f"{queue}, {format_time(message.sent_at)}, {message.device}: {reason}"
