"""Decide what to do with messages that an MQTT 5 broker refuses, by their reason codes.

https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt5-reason-codes
"""

from __future__ import annotations

import logging
import time
from enum import Enum

from edge_lambda.backoff import Backoff
from edge_lambda.delivery.lanes import Message
from edge_lambda.delivery.reason_codes import PACKET_TOO_LARGE, in_words

_log = logging.getLogger(__name__)
_TOPIC = {0x87, 0x90}
_CONTENT = {PACKET_TOO_LARGE, 0x99}
_MOST_TRIES = 5


class Remedy(Enum):
    """What to do with a refused message."""

    WAIT = "try again later"
    QUARANTINE = "put all its events into quarantine"
    QUARANTINE_ONE = "put the event that is the cause into quarantine"


class Refusals:
    """Count refusals and hold messages back while the broker refuses for the moment.

    A topic that the device may not use is a reason to wait if it is its own, because its policy
    may come later. It is a reason for quarantine if it is that of a former name.

    Parameters
    ----------
    device_id : str

    Attributes
    ----------
    is_probing : bool
        Whether one message at a time finds out if the broker accepts messages again.
    """

    def __init__(self, device_id: str) -> None:
        self.is_probing = False
        self._device_id = device_id
        self._backoff = Backoff(1.0, 60.0)
        self._resume_s = 0.0
        self._tries: dict[int, int] = {}

    def may_send(self) -> bool:
        """Return whether the wait after a refusal is over."""
        return time.monotonic() >= self._resume_s

    def confirmed(self, message: Message) -> None:
        """Note that the broker accepts messages."""
        self.is_probing = False
        self._backoff.reset()
        for record_id in message.record_ids:
            self._tries.pop(record_id, None)

    def refused(self, message: Message, code: int) -> tuple[Remedy, str]:
        """Return what to do with a refused message, and the reason in words."""
        reason = in_words(code)
        if code in _CONTENT:
            return Remedy.QUARANTINE_ONE, reason
        if code in _TOPIC:
            if message.device_id != self._device_id:
                return Remedy.QUARANTINE, reason
        else:
            first_id = message.record_ids[0]
            self._tries[first_id] = self._tries.get(first_id, 0) + 1
            if self._tries[first_id] >= _MOST_TRIES:
                del self._tries[first_id]
                return Remedy.QUARANTINE_ONE, reason
        self._wait(reason)
        return Remedy.WAIT, reason

    def _wait(self, reason: str) -> None:
        if not self.may_send():
            return  # several refusals of messages that were in flight together
        wait_s = self._backoff.next_s()
        self.is_probing = True
        self._resume_s = time.monotonic() + wait_s
        _log.warning(
            "broker refuses events", extra={"reason": reason, "retry_in_s": round(wait_s, 2)}
        )
