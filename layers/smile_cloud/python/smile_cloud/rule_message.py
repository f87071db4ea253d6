"""What the IoT rule hands to a function: a device's message plus what the broker vouches for."""

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


def device_id_of(rule_event: object) -> object:
    """Return what stands in for the device id, good or bad, for the log."""
    return rule_event.get(DEVICE_FIELD) if isinstance(rule_event, Mapping) else None


# A device without the right time may be a little ahead; one far ahead would stay on top of
# every listing for years.
MAX_AHEAD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RuleMessage:
    """A message of one device.

    Attributes
    ----------
    device_id : str
        From the topic, never from the payload.
    received_at : datetime
        When the rule saw it, UTC.
    events : tuple of SmileEvent
        The good ones.
    rejected : tuple of Rejected
        The others, each with its position and what is wrong.
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
        """Return the message.

        Raises
        ------
        ContractError
            When it is no message of the rule, or none of the contract, as a whole.
        """
        if not isinstance(rule_event, Mapping):
            raise ContractError("message", "expected an object, as the IoT rule sends it")
        device_id = rule_event.get(DEVICE_FIELD)
        if not isinstance(device_id, str) or not is_device_id(device_id):
            raise ContractError(DEVICE_FIELD, "expected the device id of the topic")
        received_ms = rule_event.get(RECEIVED_FIELD)
        if type(received_ms) is not int or not 0 <= received_ms <= LATEST_UNIX_MS:
            raise ContractError(RECEIVED_FIELD, "expected milliseconds since 1970")
        body = {
            name: value
            for name, value in rule_event.items()
            if name not in (DEVICE_FIELD, RECEIVED_FIELD)
        }
        received_at = datetime.fromtimestamp(received_ms // 1000, UTC).replace(
            microsecond=received_ms % 1000 * 1000
        )
        events, rejected = read_message(body, device_id=device_id)
        now, early = _split_early(events, rejected, received_at)
        return cls(device_id, received_at, tuple(now), (*rejected, *early), body)

    def rejected_as_rule_event(self, rejected: Rejected) -> dict[str, Any]:
        """Return a rejected event alone, as the rule would have handed it over.

        Once repaired, it can be given to the function again as it is.
        """
        item = self.body["events"][rejected.index] if "events" in self.body else self.body
        alone = dict(item) if isinstance(item, Mapping) else {"event": item}
        received_ms = round(self.received_at.timestamp() * 1000)
        return alone | {DEVICE_FIELD: self.device_id, RECEIVED_FIELD: received_ms}


def _split_early(
    events: Sequence[SmileEvent], rejected: Sequence[Rejected], received_at: datetime
) -> tuple[list[SmileEvent], list[Rejected]]:
    """Part the events that a clock far ahead has dated from the others."""
    bad = {one.index for one in rejected}
    indexes = (index for index in range(len(events) + len(bad)) if index not in bad)
    now: list[SmileEvent] = []
    early: list[Rejected] = []
    for index, event in zip(indexes, events, strict=True):
        if event.started_at <= received_at + MAX_AHEAD:
            now.append(event)
        else:
            problem = "expected a time at most a day after it was received; is the clock right?"
            early.append(Rejected(index, ContractError("started_at", problem)))
    return now, early
