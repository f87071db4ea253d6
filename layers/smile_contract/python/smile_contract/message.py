"""One MQTT message: one event, or an object with up to 50 of them.

A batch is an object and not a bare list, for AWS IoT SQL can add fields (the topic's device
id) to objects alone: https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-select.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from smile_contract import _check
from smile_contract.errors import ContractError
from smile_contract.smile_event import SCHEMA_VERSION, SmileEvent

MAX_EVENTS_PER_MESSAGE: Final = 50
# AWS IoT Core message broker limit: https://docs.aws.amazon.com/general/latest/gr/iot-core.html
MAX_MESSAGE_BYTES: Final = 128 * 1024


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event of a message that breaks the contract, and why.

    Attributes
    ----------
    index : int
        Position in the batch; 0 for a single event.
    error : ContractError
    """

    index: int
    error: ContractError


def encode_message(events: Sequence[SmileEvent]) -> bytes:
    """Return the bytes to publish for 1 to 50 events of one device.

    Raises
    ------
    ContractError
        When there are none, too many, several devices', or more than 128 KiB.
    """
    if not 1 <= len(events) <= MAX_EVENTS_PER_MESSAGE:
        raise ContractError(
            "events", f"expected 1 to {MAX_EVENTS_PER_MESSAGE} events, got {len(events)}"
        )
    if len({event.device_id for event in events}) > 1:
        raise ContractError("events", "expected events of one device")
    body: dict[str, object] = events[0].to_dict()
    if len(events) > 1:
        body = {"schema_version": SCHEMA_VERSION, "events": [event.to_dict() for event in events]}
    payload = json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
    if len(payload) > MAX_MESSAGE_BYTES:
        raise ContractError(
            "events", f"expected at most {MAX_MESSAGE_BYTES} bytes, got {len(payload)}"
        )
    return payload


def _items(message: object) -> Sequence[object]:
    fields = _check.mapping(message, "message")
    if "events" not in fields:
        return [message]
    _check.only_fields(fields, frozenset({"schema_version", "events"}), frozenset(), "")
    _check.schema_version(fields["schema_version"], SCHEMA_VERSION)
    items = fields["events"]
    if not isinstance(items, list | tuple) or not 1 <= len(items) <= MAX_EVENTS_PER_MESSAGE:
        got = len(items) if isinstance(items, list | tuple) else _check.describe(items)
        raise ContractError(
            "events", f"expected a list of 1 to {MAX_EVENTS_PER_MESSAGE} events, got {got}"
        )
    return items


def _event(item: object, device_id: str) -> SmileEvent:
    event = SmileEvent.from_dict(item)
    if event.device_id != device_id:
        raise ContractError("device_id", "expected the device id of the topic")
    return event


def read_message(message: object, *, device_id: str) -> tuple[list[SmileEvent], list[Rejected]]:
    """Return the good events of a decoded message, and what is wrong with the others.

    Parameters
    ----------
    message : object
        The decoded JSON: one event, or ``{"schema_version": 1, "events": [...]}``.
    device_id : str
        Of the topic, which the broker vouches for; every event must carry the same.

    Raises
    ------
    ContractError
        When the message as a whole is neither form.
    """
    good: list[SmileEvent] = []
    rejected: list[Rejected] = []
    for index, item in enumerate(_items(message)):
        try:
            good.append(_event(item, device_id))
        except ContractError as error:
            rejected.append(Rejected(index, error))
    return good, rejected
