"""The interface of every destination for events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from edge_lambda.delivery.outbox import OutboxRecord


class Sink(ABC):
    """A destination for events.

    Attributes
    ----------
    confirms : bool
        Whether the sink waits for confirmations and deletes confirmed events from the outbox.
    """

    confirms: ClassVar[bool] = False

    @abstractmethod
    def offer(self, record: OutboxRecord) -> None:
        """Accept a new event; a sink that confirms finds it in the outbox too.

        Raises
        ------
        SinkError
            When the sink will never deliver events again.
        """

    def close(self) -> None:  # noqa: B027 - most sinks hold no connection
        """Close connections; unconfirmed events stay in the outbox."""
