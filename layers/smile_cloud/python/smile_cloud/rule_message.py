"""What the IoT rule passes to a function: a device's message, its topic and time of arrival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from smile_contract import (
    LATEST_UNIX_MS,
    ContractError,
    Rejected,
    SmileEvent,
    is_device_id,
    read_message,
)

# The two fields that the rule's SQL adds; see SmileEventsRule in template.yaml.
DEVICE_FIELD: Final = "topic_device_id"
RECEIVED_FIELD: Final = "received_at_ms"
# A device clock may be a little ahead. An event dated far ahead would stay on top of every list
# until then.
MAX_AHEAD: Final = timedelta(days=1)


def device_id_of(rule_event: object) -> object:
    """Return the device id of a rule event for the log, whether it is valid or not."""
    return rule_event.get(DEVICE_FIELD) if isinstance(rule_event, Mapping) else None


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
    rejected : tuple of Rejected
        The other events, each with its position and its error.
    body : Mapping
        What the device sent, without the rule's fields.
    """

    device_id: str
    received_at: datetime
    events: tuple[SmileEvent, ...]
    rejected: tuple[Rejected, ...]
    body: Mapping[str, Any]

    @classmethod
    def from_rule(cls, rule_event: object) -> RuleMessage:
        """Return the message in what the rule passed.

        Raises
        ------
        ContractError
            When the rule's fields are invalid, or the message as a whole breaks the contract.
        """
        if not isinstance(rule_event, Mapping):
            raise ContractError("message", "expected an object, as the IoT rule sends it")
        device_id = rule_event.get(DEVICE_FIELD)
        if not isinstance(device_id, str) or not is_device_id(device_id):
            raise ContractError(DEVICE_FIELD, "expected the device id of the topic")
        received_ms = rule_event.get(RECEIVED_FIELD)
        if type(received_ms) is not int or not 0 <= received_ms <= LATEST_UNIX_MS:
            raise ContractError(RECEIVED_FIELD, "expected milliseconds since 1970")
        received_at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=received_ms)
        body = {
            name: value
            for name, value in rule_event.items()
            if name not in (DEVICE_FIELD, RECEIVED_FIELD)
        }
        valid, rejected = read_message(body, device_id=device_id)
        events, too_early = _split_too_early(valid, rejected, received_at)
        return cls(device_id, received_at, tuple(events), (*rejected, *too_early), body)

    def rejected_as_rule_event(self, rejected: Rejected) -> dict[str, Any]:
        """Return a rejected event on its own, in the form in which the rule passes it.

        After you repair it, you can pass it to the function unchanged.
        """
        item = self.body["events"][rejected.index] if "events" in self.body else self.body
        alone = dict(item) if isinstance(item, Mapping) else {"event": item}
        received_ms = round(self.received_at.timestamp() * 1000)
        return alone | {DEVICE_FIELD: self.device_id, RECEIVED_FIELD: received_ms}


def _split_too_early(
    valid: Sequence[SmileEvent], rejected: Sequence[Rejected], received_at: datetime
) -> tuple[list[SmileEvent], list[Rejected]]:
    """Reject the events that the device's clock dated too far ahead of their arrival."""
    taken = {one.index for one in rejected}
    indexes = (index for index in range(len(valid) + len(taken)) if index not in taken)
    events: list[SmileEvent] = []
    too_early: list[Rejected] = []
    for index, event in zip(indexes, valid, strict=True):
        if event.started_at <= received_at + MAX_AHEAD:
            events.append(event)
        else:
            problem = "expected a time at most a day after it was received; is the clock right?"
            too_early.append(Rejected(index, ContractError("started_at", problem)))
    return events, too_early
