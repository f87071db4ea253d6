"""The seam between the publisher and whoever takes events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from edge_lambda.delivery.outbox import OutboxRecord


class Sink(ABC):
    """Takes events; one that confirms them deletes them from the outbox itself, later."""

    confirms: ClassVar[bool] = False

    @abstractmethod
    def offer(self, record: OutboxRecord) -> None:
        """Take a new record; for a sink that confirms, it is in the outbox already.

        Raises
        ------
        SinkError
            When nobody will ever take it.
        """

    def close(self) -> None:  # noqa: B027 - most sinks hold nothing
        """Let go of connections; what is not confirmed stays in the outbox."""
