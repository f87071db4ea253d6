"""The body of a queue message: what the IoT rule makes of a message of a device.

The rule encodes the payload in base64, so its bytes stay as the device sent them, JSON or not, and
no field of the payload can take the place of the rule's own.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from smile_contract import LATEST_UNIX_MS, ContractError, is_device_id

# The three columns of the rule's SQL; see SmileEventsRule in template.yaml.
PAYLOAD_FIELD: Final = "payload_base64"
DEVICE_FIELD: Final = "topic_device_id"
RECEIVED_FIELD: Final = "received_at_ms"
# Not from the rule: ``make redrive`` sets it when it sends a dead letter to its queue again.
REDRIVEN_FIELD: Final = "redriven_at_ms"
# The rules for heartbeats and presence name the topic; SmileEventsRule does not.
KIND_FIELD: Final = "topic_kind"
RULE_FIELDS: Final = frozenset(
    {PAYLOAD_FIELD, DEVICE_FIELD, RECEIVED_FIELD, REDRIVEN_FIELD, KIND_FIELD}
)

EVENTS: Final = "events"
STATUS: Final = "status"
CONNECTED: Final = "connected"
PRESENCE_KINDS: Final = frozenset({CONNECTED, "disconnected"})
_KINDS: Final = PRESENCE_KINDS | {EVENTS, STATUS}

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class ForeignClientError(ContractError):
    """A presence event is about a client that is not a device: its id cannot be a device id."""


@dataclass(frozen=True, slots=True)
class RuleBody:
    """A message of one device, not decoded yet.

    Attributes
    ----------
    device_id : str
        From the topic, which AWS IoT has authorized.
    received_at : datetime
        When the rule received the message, UTC, in whole milliseconds.
    payload : bytes
        What the device sent.
    redriven_ms : int or None
        When ``make redrive`` sent it again, in milliseconds since 1970.
    kind : str
        What the topic brings: ``events``, ``status``, or the presence events ``connected`` and
        ``disconnected``.
    """

    device_id: str
    received_at: datetime
    payload: bytes
    redriven_ms: int | None = None
    kind: str = EVENTS

    @classmethod
    def parse(cls, text: str) -> RuleBody:
        """Return what the body of a queue message says.

        Raises
        ------
        ContractError
            When the rule did not write `text`. The error names the field.
        ForeignClientError
            When it is a presence event of a client that is not a device.
        """
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            raise ContractError("message", "expected a JSON object of the IoT rule") from None
        if not isinstance(fields, dict):
            raise ContractError("message", "expected a JSON object of the IoT rule")
        kind = fields.get(KIND_FIELD, EVENTS)
        if kind not in _KINDS:
            raise ContractError(KIND_FIELD, f"expected {', '.join(sorted(_KINDS))}")
        device_id = fields.get(DEVICE_FIELD)
        if not isinstance(device_id, str) or not is_device_id(device_id):
            kind_of_error = ForeignClientError if kind in PRESENCE_KINDS else ContractError
            raise kind_of_error(DEVICE_FIELD, "expected the device id of the topic")
        received_ms = _unix_ms(fields, RECEIVED_FIELD)
        redriven_ms = _unix_ms(fields, REDRIVEN_FIELD) if REDRIVEN_FIELD in fields else None
        received_at = _EPOCH + received_ms * _MILLISECOND
        return cls(device_id, received_at, _payload(fields), redriven_ms, kind)

    @property
    def received_ms(self) -> int:
        """The time of arrival in milliseconds since 1970."""
        return (self.received_at - _EPOCH) // _MILLISECOND

    def text(self) -> str:
        """Return the body of a queue message, as the rule writes it."""
        fields: dict[str, str | int] = {
            PAYLOAD_FIELD: base64.b64encode(self.payload).decode("ascii"),
            DEVICE_FIELD: self.device_id,
            RECEIVED_FIELD: self.received_ms,
        }
        if self.redriven_ms is not None:
            fields[REDRIVEN_FIELD] = self.redriven_ms
        if self.kind != EVENTS:
            fields[KIND_FIELD] = self.kind
        return json.dumps(fields)


def _unix_ms(fields: dict[str, object], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 0 <= value <= LATEST_UNIX_MS:
        raise ContractError(name, "expected milliseconds since 1970")
    return value


def _payload(fields: dict[str, object]) -> bytes:
    try:
        return base64.b64decode(str(fields[PAYLOAD_FIELD]), validate=True)
    except (KeyError, ValueError):
        raise ContractError(PAYLOAD_FIELD, "expected the payload in base64") from None
