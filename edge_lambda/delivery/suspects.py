"""Find the one message for which a broker closes the connection.

AWS IoT closes the connection when it refuses a message, and MQTT 3.1.1 has no words for why. The
message that was sent first and is unanswered each time is the suspect. It is sent alone. If the
connection closes again, the next one stays quiet: when it lasts, the network is not the cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from edge_lambda.delivery.lanes import Message

_CLOSED_TIMES = 2
_REFUSED_IN_A_ROW = 2


class Mode(Enum):
    """What the next connection may send."""

    ALL = "all"
    ALONE = "only the suspect"
    QUIET = "nothing, to see whether it lasts"


class Suspects:
    """Count for which message connections close.

    Attributes
    ----------
    mode : Mode
    suspect : Message or None
        The message that was unanswered when the latest connection closed.
    """

    def __init__(self) -> None:
        self.mode = Mode.ALL
        self.suspect: Message | None = None
        self._closed = 0
        self._refused_device = ""
        self._refused_in_a_row = 0

    def closed(self, unanswered: Sequence[Message]) -> None:
        """Note that the broker closed a connection; `unanswered` in the order of sending."""
        if self.mode is Mode.QUIET:
            self.clear()
        elif self.mode is Mode.ALONE:
            if unanswered:
                self.mode = Mode.QUIET
        elif unanswered:
            first = unanswered[0]
            is_same = self.suspect is not None and first.record_ids == self.suspect.record_ids
            self._closed = self._closed + 1 if is_same else 1
            self.suspect = first
            if self._closed >= _CLOSED_TIMES or first.device_id == self._refused_device:
                self.mode = Mode.ALONE

    def answered(self, message: Message) -> None:
        """Note that the broker has answered a message."""
        if message.device_id == self._refused_device:
            self._refused_device, self._refused_in_a_row = "", 0
        if self.suspect is not None and set(message.record_ids) & set(self.suspect.record_ids):
            self.clear()

    def confirm_cause(self) -> bool:
        """Note that the suspect is the cause; return whether its whole device is.

        The events of a renamed device have its old id, which the policy of AWS IoT forbids.
        """
        device_id = self.suspect.device_id if self.suspect is not None else ""
        is_same = device_id == self._refused_device
        self._refused_in_a_row = self._refused_in_a_row + 1 if is_same else 1
        self._refused_device = device_id
        self.clear()
        return self._refused_in_a_row >= _REFUSED_IN_A_ROW

    def clear(self) -> None:
        """Suspect nothing any more."""
        self.mode, self.suspect, self._closed = Mode.ALL, None, 0
