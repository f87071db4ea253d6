"""What a message of the status queue says about a device."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.presence import PresenceEvent
from smile_cloud.device_registry.status_message import StatusMessage
from smile_cloud.rule_body import CONNECTED, PRESENCE_KINDS, RuleBody
from smile_cloud.rule_message import decode_payload
from smile_contract import LATEST_UNIX_MS, ContractError, Heartbeat

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# "Lifecycle events", AWS IoT Core Developer Guide: another client connects with the same id.
_DUPLICATE: Final = "DUPLICATE_CLIENTID"


def read_message(body: RuleBody) -> Device | None:
    """Return what a message says; None when it says nothing.

    An empty payload says nothing: it deletes the retained heartbeat of a device.

    Raises
    ------
    ContractError
        When the message is neither a heartbeat of its device nor a presence event.
    """
    if body.kind in PRESENCE_KINDS:
        return _presence(body)
    return _status(body) if body.payload else None


def _status(body: RuleBody) -> Device:
    beat = Heartbeat.from_dict(decode_payload(body.payload))
    if beat.device_id != body.device_id:
        raise ContractError("device_id", "expected the device id of the topic")
    return Device.of_status(StatusMessage(beat, body.received_at))


def _presence(body: RuleBody) -> Device:
    fields = decode_payload(body.payload)
    session = fields.get("sessionIdentifier")
    if not isinstance(session, str):
        raise ContractError("sessionIdentifier", "expected the id of a session")
    event = PresenceEvent(
        at=_EPOCH + timedelta(milliseconds=_whole(fields.get("timestamp"), "timestamp")),
        version=_whole(fields.get("versionNumber"), "versionNumber"),
        is_connected=body.kind == CONNECTED,
        session=session,
    )
    is_duplicate = fields.get("disconnectReason") == _DUPLICATE
    return Device.of_presence(body.device_id, event, is_duplicate=is_duplicate)


def _whole(value: object, name: str) -> int:
    if type(value) is not int or not 0 <= value <= LATEST_UNIX_MS:
        raise ContractError(name, "expected a whole number, 0 or more")
    return value
