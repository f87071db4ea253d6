"""The interface of every destination for events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from edge_lambda.delivery.record import OutboxRecord
from edge_lambda.delivery.status import ConnectionStatus

State = Literal["RUNNING", "ERRORED"]


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

    def publish_status(  # noqa: B027 - most sinks have no topic for it
        self, payload: bytes, expiry_s: int | None = None
    ) -> None:
        """Publish a heartbeat, as soon as there is a connection. A newer one replaces it.

        Parameters
        ----------
        payload : bytes
        expiry_s : int or None
            After this time nobody needs it any more; None for one that stays true.
        """

    def report_state(self, state: State) -> None:  # noqa: B027 - most sinks have no supervisor
        """Report to what supervises the device whether it works."""

    @property
    def status(self) -> ConnectionStatus | None:
        """How the connection is; None without one."""
        return None

    @property
    def is_moving(self) -> bool:
        """Whether its thread runs and does not hang; True without one."""
        return True

    def close(self) -> None:  # noqa: B027 - most sinks hold no connection
        """Close connections; unconfirmed events stay in the outbox."""
