"""A message of a device, decoded: its valid events, and those that no function can use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from smile_cloud.clock_limits import ClockLimits
from smile_cloud.json_objects import repeated_names
from smile_cloud.rule_body import EVENTS, RULE_FIELDS, RuleBody
from smile_contract import (
    MAX_EVENTS_PER_MESSAGE,
    ContractError,
    Rejected,
    SmileEvent,
    read_message,
)

# The contract needs 4. `json` decodes many more, but whether it can encode them again, in a dead
# letter or in the log, depends on how deep the stack is at that moment.
MAX_LEVELS: Final = 32
_EVENT_ID_CHARACTERS: Final = 36
_TOO_DEEP: Final = f"expected at most {MAX_LEVELS} levels of nested objects"


class ForgedError(ContractError):
    """A message brings a field that only the IoT rule sets, or a field twice.

    A program that reads such a message could take the wrong value for the right one.
    """


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What a function cannot use: a whole message, or one event of it.

    Attributes
    ----------
    body : str
        In the form in which the rule sends messages; repaired, it can be sent to a queue again.
    error : ContractError
    source : RuleBody or None
        The same body, parsed; None when it does not come from the rule.
    """

    body: str
    error: ContractError
    source: RuleBody | None = None

    @classmethod
    def of_source(cls, source: RuleBody, error: ContractError) -> DeadLetter:
        """Return the dead letter of a message, or of an event that is a message by itself."""
        return cls(source.text(), error, source)

    @property
    def content_id(self) -> str:
        """SHA-256 of the device and of what it sent, without the time of arrival.

        A message that ``make redrive`` sent again is new content: its first dead letter is deleted,
        so it must make another one if it is rejected again. No two heartbeats are the same, so of
        status messages only the field that is wrong counts.
        """
        if self.source is None:
            content = self.body.encode("utf-8", "surrogatepass")
        else:
            head = f"{self.source.device_id}\n{self.source.redriven_ms}\n"
            content = head.encode() + self.source.payload
            if self.source.kind != EVENTS:
                content = f"{head}{self.source.kind}\n{self.error.field}".encode()
        return hashlib.sha256(content).hexdigest()

    @property
    def received_ms(self) -> int:
        """When the rule received it, in milliseconds since 1970; 0 if the rule did not send it."""
        return 0 if self.source is None else self.source.received_ms


@dataclass(frozen=True, slots=True)
class RuleMessage:
    """A message of one device.

    Attributes
    ----------
    device_id : str
        From the topic, which AWS IoT has authorized; never from the payload.
    received_at : datetime
        When the rule received the message, UTC.
    events : tuple of SmileEvent
        The valid events.
    rejected : tuple of DeadLetter
        The other events one by one, or the message when it cannot be decoded.
    """

    device_id: str
    received_at: datetime
    events: tuple[SmileEvent, ...]
    rejected: tuple[DeadLetter, ...]

    @classmethod
    def from_body(cls, text: str, limits: ClockLimits) -> RuleMessage:
        """Return the message in the body of a queue message.

        Raises
        ------
        ContractError
            When the rule did not send it. A message that the rule sent raises nothing: what
            breaks the contract is in `rejected`.
        """
        body = RuleBody.parse(text)
        try:
            message = decode_payload(body.payload)
            valid, rejected = read_message(message, device_id=body.device_id)
        except ContractError as error:
            dead_letter = DeadLetter.of_source(body, error)
            return cls(body.device_id, body.received_at, (), (dead_letter,))
        items = message.get("events", [message])
        events, wrong_clocks = _split_by_clock(valid, rejected, limits, body.received_at)
        dead_letters = tuple(
            DeadLetter.of_source(
                _alone(body, items[one.index]), _forged(items[one.index]) or one.error
            )
            for one in sorted([*rejected, *wrong_clocks], key=lambda one: one.index)
        )
        return cls(body.device_id, body.received_at, tuple(events), dead_letters)


def log_keys(text: str) -> dict[str, Any]:
    """Return ``device_id`` and ``event_ids`` of a queue message for the log, as far as known.

    They are not checked, but never longer than those of a valid message.
    """
    try:
        body = RuleBody.parse(text)
    except ContractError:
        return {}
    try:
        message = decode_payload(body.payload)
    except ContractError:
        message = {}
    items = message.get("events", [message])
    items = items if isinstance(items, list) else []
    found = [item.get("event_id") for item in items if isinstance(item, Mapping)]
    ids = [one[:_EVENT_ID_CHARACTERS] for one in found if isinstance(one, str)]
    return {"device_id": body.device_id, "event_ids": ids[:MAX_EVENTS_PER_MESSAGE]}


def decode_payload(payload: bytes) -> Mapping[str, Any]:
    """Return the JSON object of a payload.

    Raises
    ------
    ForgedError
        When an object has a field twice, or the message has a field of the rule.
    ContractError
        When the payload is not a JSON object in UTF-8.
    """
    try:
        message = json.loads(
            payload.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse
        )
    except ContractError:
        raise
    except RecursionError:
        raise ContractError("payload", _TOO_DEEP) from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise ContractError("payload", "expected a JSON text in UTF-8") from None
    except ValueError:  # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
        raise ContractError("payload", "expected numbers with fewer digits") from None
    if not isinstance(message, dict):
        raise ContractError("payload", "expected a JSON object")
    if _has_more_levels(message, MAX_LEVELS):
        raise ContractError("payload", _TOO_DEEP)
    if error := _forged(message):
        raise error
    return message


def _has_more_levels(document: object, levels: int) -> bool:
    """Return whether objects and lists are nested in more than `levels` levels."""
    layer = [document]
    for _ in range(levels):
        children: list[object] = []
        for one in layer:
            if isinstance(one, dict):
                children += one.values()
            elif isinstance(one, list):
                children += one
        if not children:
            return False
        layer = children
    return any(isinstance(one, dict | list) for one in layer)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if repeated := repeated_names(pairs):
        raise ForgedError(repeated[0][:40], "expected once, but repeated")
    return dict(pairs)


def _refuse(constant: str) -> None:
    raise ContractError("payload", f"expected a JSON text in UTF-8, without {constant}")


def _forged(item: object) -> ForgedError | None:
    found = sorted(RULE_FIELDS & item.keys()) if isinstance(item, Mapping) else []
    return ForgedError(found[0], "only the IoT rule may set this field") if found else None


def _alone(body: RuleBody, item: object) -> RuleBody:
    """Return one event of a message as a message by itself."""
    payload = json.dumps(item, separators=(",", ":")).encode("ascii")
    return replace(body, payload=payload)


def _split_by_clock(
    valid: Sequence[SmileEvent],
    rejected: Sequence[Rejected],
    limits: ClockLimits,
    received_at: datetime,
) -> tuple[list[SmileEvent], list[Rejected]]:
    """Reject the events whose times do not fit their arrival."""
    taken = {one.index for one in rejected}
    indexes = (index for index in range(len(valid) + len(taken)) if index not in taken)
    events: list[SmileEvent] = []
    wrong_clocks: list[Rejected] = []
    for index, event in zip(indexes, valid, strict=True):
        try:
            limits.check(event, received_at)
        except ContractError as error:
            wrong_clocks.append(Rejected(index, error))
        else:
            events.append(event)
    return events, wrong_clocks
