"""Messages in both directions over the connection that delivers the events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Conversation(Protocol):
    """Subscribes to topics, receives their messages and answers. Called by the sink's thread."""

    @property
    def topics(self) -> Sequence[str]:
        """The topics to subscribe to on each connection, at most eight."""

    def opened(self) -> None:
        """Start over: a new connection has subscribed to all topics."""

    def receive(self, topic: str, payload: bytes) -> None:
        """Handle a message of one of the topics."""

    def take(self) -> tuple[str, bytes] | None:
        """Return topic and payload of the next message to send, None when there is none."""
