"""A message that was set aside: why, and what has to be done to deliver it after all."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from smile_cloud.rule_message import DEVICE_FIELD, RECEIVED_FIELD, RuleMessage, device_id_of
from smile_contract import ContractError, format_time

_BASIC_INGEST = "$aws/rules/"


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of a queue.

    Attributes
    ----------
    reason : str
        Why it was set aside.
    event : object
        What the functions are handed; None when that cannot succeed.
    functions : tuple of str
        ARNs of the functions' aliases.
    hopeless : str
        Why it cannot succeed, empty when it may.
    """

    reason: str
    event: object = None
    functions: tuple[str, ...] = ()
    hopeless: str = ""

    @property
    def device(self) -> str:
        """The device that it came from, for people."""
        found = device_id_of(self.event)
        return found if isinstance(found, str) else "unknown device"


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of the stack, by the ARNs of their aliases.

    Attributes
    ----------
    store : str
        The one that sets messages aside which break the contract.
    others : tuple of str
        Whatever else is invoked by messages.
    """

    store: str
    others: tuple[str, ...]

    def alias_of(self, arn: str) -> str | None:
        """Return the alias to invoke for an ARN of any version; None for a stranger's."""
        for alias in (self.store, *self.others):
            if _unqualified(alias) == _unqualified(arn):
                return alias
        return None


def read_letter(
    body: str, attributes: Mapping[str, str], at: datetime, functions: Functions
) -> Letter:
    """Understand a message of either queue.

    Parameters
    ----------
    body : str
        Its text.
    attributes : Mapping of str to str
        Its message attributes; ``reason`` is written by ``store_event``.
    at : datetime
        When it was set aside, UTC.
    functions : Functions
        Who may be handed messages.
    """
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return Letter("not from this stack", hopeless="it is no JSON object")
    if "requestContext" in content and "requestPayload" in content:
        return _failed_invocation(content, functions)
    if "base64OriginalPayload" in content:
        return _failed_rule(content, at, functions)
    return _broken_contract(content, attributes.get("reason", "no reason was kept"), functions)


def _failed_invocation(record: Mapping[str, Any], functions: Functions) -> Letter:
    """Read Lambda's record of an asynchronous invocation ("Capturing records", its Guide)."""
    context, answer = record["requestContext"], record.get("responsePayload") or {}
    reason = str(context.get("condition", "failed"))
    if isinstance(answer, Mapping) and "errorType" in answer:
        reason += f", {answer['errorType']}: {answer.get('errorMessage', '')}"
    arn = str(context.get("functionArn", ""))
    alias = functions.alias_of(arn)
    if alias is None:
        return Letter(reason, hopeless=f"{arn or 'its function'} is not of this stack")
    return Letter(reason, record["requestPayload"], (alias,))


def _failed_rule(error: Mapping[str, Any], at: datetime, functions: Functions) -> Letter:
    """Read what the rule's error action sends ("Error handling", AWS IoT Core Developer Guide)."""
    failures: Sequence[Mapping[str, Any]] = error.get("failures") or []
    told = dict.fromkeys(str(failure.get("errorMessage")) for failure in failures)
    reason = "; ".join(told) or "unknown"
    segments = _without_basic_ingest(str(error.get("topic", ""))).split("/")
    # what the rule's SQL would have added
    added = {
        DEVICE_FIELD: segments[1] if len(segments) > 1 else "",
        RECEIVED_FIELD: round(at.timestamp() * 1000),
    }
    try:
        payload = json.loads(base64.b64decode(str(error["base64OriginalPayload"]), validate=True))
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        return Letter(reason, added, hopeless="the device sent no JSON object")
    targets = [functions.alias_of(str(failure.get("failedResource"))) for failure in failures]
    known = tuple(dict.fromkeys(target for target in targets if target is not None))
    if not known:
        return Letter(reason, added, hopeless="none of the functions that failed is of this stack")
    return Letter(reason, payload | added, known)


def _broken_contract(event: Mapping[str, Any], reason: str, functions: Functions) -> Letter:
    try:
        rejected = [one.error for one in RuleMessage.from_rule(event).rejected]
    except ContractError as error:
        rejected = [error]
    if rejected:
        return Letter(reason, event, hopeless=f"it still breaks the contract: {rejected[0]}")
    return Letter(reason, event, (functions.store,))


def _without_basic_ingest(topic: str) -> str:
    if topic.startswith(_BASIC_INGEST):
        return topic.removeprefix(_BASIC_INGEST).partition("/")[2]
    return topic


def _unqualified(arn: str) -> str:
    return ":".join(arn.split(":")[:7])


def sent_at(milliseconds: str) -> datetime:
    """Return SQS's ``SentTimestamp`` as a time."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def describe(queue: str, at: datetime, letter: Letter) -> str:
    """Return one line for people: where, when, who, why."""
    return f"{queue}, {format_time(at)}, {letter.device}: {' '.join(letter.reason.split())}"
