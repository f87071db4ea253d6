"""A message in a dead-letter queue: why it is there, and which queue gets it again."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from smile_cloud.clock_limits import ClockLimits
from smile_cloud.device_status.messages import read_message
from smile_cloud.rule_body import EVENTS, PRESENCE_KINDS, STATUS, RuleBody
from smile_cloud.rule_message import RuleMessage, log_keys
from smile_contract import ContractError, format_time, is_device_id

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_BASIC_INGEST = "$aws/rules/"
_PRESENCE = "$aws/events/presence/"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message of a dead-letter queue.

    Attributes
    ----------
    sent_at : datetime
        When the message was first sent, UTC.
    reason : str
        Why it is there.
    body : str
        The message for the queues.
    queues : tuple of str
        URLs of the queues that get it again.
    undeliverable : str
        Why no queue can get it; empty if one can.
    """

    sent_at: datetime
    reason: str
    body: str = ""
    queues: tuple[str, ...] = ()
    undeliverable: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """What a redrive needs to know of the stack.

    Attributes
    ----------
    events_queue, alerts_queue, status_queue, erasure_queue : str
        URLs of the queues of ``store_event``, ``send_alert``, ``device_status`` and
        ``erase_events``.
    limits : ClockLimits
        Those of ``store_event``.
    started_at : datetime
        Start of the run.
    """

    events_queue: str
    alerts_queue: str
    status_queue: str
    erasure_queue: str
    limits: ClockLimits
    started_at: datetime

    def queues_for(self, body: RuleBody) -> tuple[str, ...]:
        """Return the URLs of the queues that the rules send such a message to."""
        if body.kind == EVENTS:
            return self.events_queue, self.alerts_queue
        return (self.status_queue,)

    def queue_of(self, resource: str) -> str | None:
        """Return the URL of the queue with this ARN or URL; None if it is another queue."""
        own = (self.events_queue, self.alerts_queue, self.status_queue, self.erasure_queue)
        for url in own:
            if _queue_name(url) == _queue_name(resource):
                return url
        return None


def parse_dead_letter(message: MessageTypeDef, stack: Stack) -> DeadLetter:
    """Parse a message of either queue.

    Parameters
    ----------
    message : MessageTypeDef
        As SQS returns it. SQS sets the attribute ``DeadLetterQueueSourceArn`` on messages that it
        moved from another queue; a function sets the message attribute ``reason``.
    stack : Stack
    """
    source = message["Attributes"].get("DeadLetterQueueSourceArn")
    if source is not None:
        return _failed_in_queue(message, source, stack)
    attributes = message.get("MessageAttributes", {})
    if "reason" in attributes:
        return _rejected(message, attributes["reason"]["StringValue"], stack)
    try:
        content = json.loads(message["Body"])
    except ValueError:
        content = None
    if isinstance(content, dict) and "base64OriginalPayload" in content:
        return _failed_rule(content, sent_at(message), stack)
    return _of_unknown_queue(message, stack)


def _failed_in_queue(message: MessageTypeDef, source: str, stack: Stack) -> DeadLetter:
    """Parse a message that a function did not handle in any of its deliveries."""
    name, url = _queue_name(source), stack.queue_of(source)
    letter = DeadLetter(sent_at(message), f"its function failed, queue {name}", message["Body"])
    if url is None:
        return replace(letter, undeliverable=f"the queue {name} is not in this stack")
    return replace(letter, queues=(url,))


def _of_unknown_queue(message: MessageTypeDef, stack: Stack) -> DeadLetter:
    """Parse a message of a rule that somebody moved by hand: all queues of the rule may get it."""
    letter = DeadLetter(sent_at(message), "unknown reason", message["Body"])
    try:
        body = RuleBody.parse(letter.body)
    except ContractError:
        problem = "neither the rule nor a function of this version sent it"
        return replace(letter, undeliverable=problem)
    return replace(letter, queues=stack.queues_for(body))


def _rejected(message: MessageTypeDef, reason: str, stack: Stack) -> DeadLetter:
    """Parse a message that broke the contract; it stays until the contract accepts it."""
    letter = DeadLetter(sent_at(message), reason, message["Body"])
    try:
        body = RuleBody.parse(letter.body)
        _check(body, stack.limits)
    except ContractError as error:
        return replace(letter, undeliverable=f"it still breaks the contract: {error}")
    # The function forgets that it rejected this content, in case it rejects it again.
    redriven_ms = round(stack.started_at.timestamp() * 1000)
    text = replace(body, redriven_ms=redriven_ms).text()
    return replace(letter, body=text, queues=stack.queues_for(body)[:1])


def _check(body: RuleBody, limits: ClockLimits) -> None:
    """Raise `ContractError` when the function of a message would reject it, or a part of it."""
    if body.kind != EVENTS:
        read_message(body)
        return
    for rejected in RuleMessage.from_body(body.text(), limits).rejected:
        raise rejected.error


def _failed_rule(error: Mapping[str, Any], at: datetime, stack: Stack) -> DeadLetter:
    """Parse what the rule's error action sends.

    "Error handling (error action)" in the AWS IoT Core Developer Guide.
    """
    failures: Sequence[Mapping[str, Any]] = error.get("failures") or []
    messages = dict.fromkeys(str(failure.get("errorMessage")) for failure in failures)
    letter = DeadLetter(at, "; ".join(messages) or "unknown reason")
    kind, device_id = _kind_and_device(_without_basic_ingest(str(error.get("topic", ""))))
    if not is_device_id(device_id):
        return replace(letter, undeliverable="its topic names no device")
    try:
        payload = base64.b64decode(str(error["base64OriginalPayload"]), validate=True)
    except ValueError:
        return replace(letter, undeliverable="its payload is not in base64")
    found = [stack.queue_of(str(failure.get("failedResource"))) for failure in failures]
    failed = tuple(dict.fromkeys(url for url in found if url is not None))
    body = RuleBody(device_id, at, payload, kind=kind)
    return replace(letter, body=body.text(), queues=failed or stack.queues_for(body))


def _kind_and_device(topic: str) -> tuple[str, str]:
    """Return what the rules select from a topic; an empty device id if it names no device."""
    if topic.startswith(_PRESENCE):
        kind, _, device_id = topic.removeprefix(_PRESENCE).partition("/")
        return (kind, device_id) if kind in PRESENCE_KINDS else (EVENTS, "")
    segments = topic.split("/")
    kind = STATUS if segments[2:] == [STATUS] else EVENTS
    return kind, segments[1] if len(segments) > 1 else ""


def _without_basic_ingest(topic: str) -> str:
    if topic.startswith(_BASIC_INGEST):
        return topic.removeprefix(_BASIC_INGEST).partition("/")[2]
    return topic


def _queue_name(resource: str) -> str:
    """Return the name at the end of the ARN or URL of a queue."""
    return resource.rpartition("/")[2].rpartition(":")[2]


def sent_at(message: MessageTypeDef) -> datetime:
    """Return when a message was sent to its queue, UTC, in whole milliseconds."""
    return datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)


def describe(queue: str, letter: DeadLetter) -> str:
    """Return one line for people: queue, time, device, events and reason."""
    keys = log_keys(letter.body)
    device = keys.get("device_id", "unknown device")
    ids = ", ".join(str(one) for one in keys.get("event_ids", []))
    reason = " ".join(letter.reason.split())
    return f"{queue}, {format_time(letter.sent_at)}, {device}, {ids or 'no event'}: {reason}"
