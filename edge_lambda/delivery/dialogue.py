"""Hold a conversation over one connection after another, without harm to the events."""

from __future__ import annotations

import logging
import time
from collections import deque
from typing import Protocol

from edge_lambda.delivery.conversation import Conversation

_log = logging.getLogger(__name__)
_OFF_S = 3600.0
# The network may fail just then; a broker that refuses does it each time.
_CLOSED_TIMES = 2


class Connection(Protocol):
    """What a conversation needs of a connection.

    Attributes
    ----------
    incoming : deque of (str, bytes)
        Topic and payload of received messages.
    is_granted : bool or None
        Whether the broker allows the subscriptions; None before its answer.
    is_denied : bool
        Whether the broker denied a sent message.
    """

    incoming: deque[tuple[str, bytes]]
    is_granted: bool | None
    is_denied: bool

    @property
    def awaits_answer(self) -> bool:
        """Whether the broker has not answered a subscription or a message."""

    def subscribe(self, topics: list[str]) -> None:
        """Ask for messages."""

    def send(self, topic: str, payload: bytes) -> None:
        """Send a message."""


class Dialogue:
    """Pauses a conversation for an hour when the broker refuses it.

    AWS IoT closes the connection of a device whose policy does not allow a message. A device with
    an older policy must deliver its events all the same.

    Parameters
    ----------
    conversation : Conversation or None
        None says nothing.
    """

    def __init__(self, conversation: Conversation | None) -> None:
        self._conversation = conversation
        self._off_until_s = 0.0
        self._closed = 0
        self._is_open = False

    def start(self, connection: Connection) -> None:
        """Subscribe, on a new connection."""
        self._is_open = False
        if self._conversation is not None and time.monotonic() >= self._off_until_s:
            connection.subscribe(list(self._conversation.topics))

    def turn(self, connection: Connection) -> None:
        """Handle what has arrived, and send the next message."""
        if self._conversation is None:
            return
        if not self._is_open and connection.is_granted:
            self._is_open = True
            self._conversation.opened()
        if connection.is_granted is False or connection.is_denied:
            connection.is_granted, connection.is_denied = None, False
            self._pause("denied by the broker")
        if not self._is_open:
            return
        while connection.incoming:
            self._closed = 0
            self._conversation.receive(*connection.incoming.popleft())
        outgoing = self._conversation.take()
        if outgoing is not None:
            connection.send(*outgoing)

    def is_cause(self, connection: Connection) -> bool:
        """Return whether the broker may have closed a connection because of the conversation."""
        if not connection.awaits_answer:
            return False
        self._closed += 1
        if self._closed >= _CLOSED_TIMES:
            self._pause("the broker closes the connection")
        return True

    def _pause(self, reason: str) -> None:
        self._is_open, self._closed = False, 0
        self._off_until_s = time.monotonic() + _OFF_S
        _log.warning(
            "device shadow cannot be used: update the device's policy",
            extra={"reason": reason, "retry_in_s": _OFF_S},
        )
