"""One MQTT message: one event, or an object with up to 50 events.

A batch is an object and not a bare list because AWS IoT SQL can add fields (the topic's device
id) only to objects: https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-select.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from smile_contract.codecs import Items, Version
from smile_contract.errors import ContractError
from smile_contract.record import Record, check_object
from smile_contract.smile_event import SCHEMA_VERSION, SmileEvent

MAX_EVENTS_PER_MESSAGE: Final = 50
_BATCH_START: Final = b'{"schema_version":%d,"events":[' % SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that breaks the contract, and why.

    Attributes
    ----------
    index : int
        Position in the batch; 0 for a single event.
    error : ContractError
    """

    index: int
    error: ContractError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch(Record):
    """Several events in one message. Each of them is decoded by itself."""

    schema_version: Annotated[int, Version(SCHEMA_VERSION)] = SCHEMA_VERSION
    events: Annotated[Sequence[object], Items(1, MAX_EVENTS_PER_MESSAGE, "events")]


def encode_message(events: Sequence[SmileEvent]) -> bytes:
    """Return the bytes to publish for 1 to 50 events of one device.

    Fifty of the largest events stay below the 128 KiB that AWS IoT Core accepts:
    https://docs.aws.amazon.com/general/latest/gr/iot-core.html

    Raises
    ------
    ContractError
        When there are no events or more than 50, or when they belong to several devices.
    """
    batch = _Batch(events=[event.to_dict() for event in events]).to_dict()
    if len({event.device_id for event in events}) > 1:
        raise ContractError("events", "expected events of one device")
    body = batch if len(events) > 1 else batch["events"][0]
    return json.dumps(body, separators=(",", ":")).encode()


def join_messages(messages: Sequence[bytes]) -> bytes:
    """Return one message with the events of messages that `encode_message` made of single events.

    One message stays as it is. The caller limits the number of events and keeps devices apart.
    """
    if len(messages) == 1:
        return messages[0]
    return _BATCH_START + b",".join(messages) + b"]}"


def _items(message: object) -> Sequence[object]:
    if "events" in check_object(message, "message"):
        return _Batch.from_dict(message).events
    return [message]


def _event(item: object, device_id: str) -> SmileEvent:
    event = SmileEvent.from_dict(check_object(item, "event"))
    if event.device_id != device_id:
        raise ContractError("device_id", "expected the device id of the topic")
    return event


def read_message(message: object, *, device_id: str) -> tuple[list[SmileEvent], list[Rejected]]:
    """Return the valid events of a decoded message and the rejected ones.

    Parameters
    ----------
    message : object
        The decoded JSON: one event, or ``{"schema_version": 1, "events": [...]}``.
    device_id : str
        From the topic, which the broker guarantees. Every event must carry the same id.

    Raises
    ------
    ContractError
        When the message has neither form.
    """
    valid: list[SmileEvent] = []
    rejected: list[Rejected] = []
    for index, item in enumerate(_items(message)):
        try:
            valid.append(_event(item, device_id))
        except ContractError as error:
            rejected.append(Rejected(index, error))
    return valid, rejected
