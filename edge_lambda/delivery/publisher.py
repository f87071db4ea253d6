"""Store each event in the outbox and offer it to the sinks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.sink import Sink, State
from edge_lambda.delivery.status import ConnectionStatus, DeliveryStatus
from smile_contract import SmileEvent

_POLL_S = 0.02


class Publisher:
    """Publish events to every sink.

    Parameters
    ----------
    outbox : Outbox
    sinks : sequence of Sink

    Attributes
    ----------
    published : int
        How many events were published.
    """

    def __init__(self, outbox: Outbox, sinks: Sequence[Sink]) -> None:
        self._outbox = outbox
        self._sinks = sinks
        self._is_confirmed = any(sink.confirms for sink in sinks)
        self.published = 0

    @property
    def undelivered(self) -> int:
        """How many events wait for a confirmation."""
        return len(self._outbox) if self._is_confirmed else 0

    def status(self) -> DeliveryStatus:
        """Return how delivery is going."""
        connections = [sink.status for sink in self._sinks if sink.status is not None]
        connection = connections[0] if connections else ConnectionStatus()
        return DeliveryStatus(connection=connection, outbox=self._outbox.status())

    def publish(self, event: SmileEvent) -> None:
        """Store an event and offer it to every sink.

        Raises
        ------
        SinkError
            When a sink will never deliver events again.
        """
        record = self._outbox.put(event)
        self.published += 1
        for sink in self._sinks:
            sink.offer(record)
        if not self._is_confirmed:
            self._outbox.delete([record.id])

    def publish_status(self, payload: bytes, expiry_s: int | None = None) -> None:
        """Publish a heartbeat through every sink that has a topic for it."""
        for sink in self._sinks:
            sink.publish_status(payload, expiry_s)

    def report_state(self, state: State) -> None:
        """Report to what supervises the device whether it works."""
        for sink in self._sinks:
            sink.report_state(state)

    @property
    def is_moving(self) -> bool:
        """Whether the threads of the sinks run and do not hang."""
        return all(sink.is_moving for sink in self._sinks)

    def note(self, smiles: Sequence[SmileEvent]) -> None:
        """Note the latest state of ongoing smiles, in case the program is interrupted."""
        self._outbox.note(smiles)

    def drain(
        self, timeout_s: float, stopped_timeout_s: float, is_stopped: Callable[[], bool]
    ) -> None:
        """Wait until all events are confirmed, at most `timeout_s`.

        Once `is_stopped` returns true, wait at most `stopped_timeout_s` in all.
        """
        begun = time.monotonic()
        while self.undelivered:
            limit_s = min(stopped_timeout_s, timeout_s) if is_stopped() else timeout_s
            if time.monotonic() - begun >= limit_s:
                return
            time.sleep(_POLL_S)

    def close(self) -> None:
        """Close the sinks; unconfirmed events stay in the outbox."""
        for sink in self._sinks:
            sink.close()
