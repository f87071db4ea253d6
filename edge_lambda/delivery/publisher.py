"""Number each event, keep it, and pass it on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from edge_lambda.delivery import Sink
from edge_lambda.delivery.outbox import NotKeptError, Outbox
from smile_contract import SmileEvent

_log = logging.getLogger(__name__)
_POLL_S = 0.02


class Publisher:
    """Pass events to every sink, by way of the outbox.

    Parameters
    ----------
    outbox : Outbox
    sinks : sequence of Sink

    Attributes
    ----------
    published, lost : int
        Events that were told, and those of them that no broker will ever get.
    """

    def __init__(self, outbox: Outbox, sinks: Sequence[Sink]) -> None:
        self._outbox = outbox
        self._sinks = sinks
        self._is_confirmed = any(sink.confirms for sink in sinks)
        self.published = 0
        self.lost = 0

    @property
    def undelivered(self) -> int:
        """How many events wait for a confirmation."""
        return len(self._outbox) if self._is_confirmed else 0

    def publish(self, event: SmileEvent) -> None:
        """Keep an event and offer it to every sink.

        A full disk does not stop the camera: sinks that confirm nothing get the event all the
        same; for the others it is lost, which is counted and logged.

        Raises
        ------
        SinkError
            When a sink is gone for good.
        """
        try:
            _, record = self._outbox.put(event)
            is_kept = True
        except NotKeptError as error:
            record, is_kept = error.record, False
            self.lost += self._is_confirmed
            told = "event lost" if self._is_confirmed else "event not kept"
            _log.error(told, extra={"event_id": event.event_id, "error": str(error)})
        self.published += 1
        for sink in self._sinks:
            if is_kept or not sink.confirms:
                sink.offer(record)
        if is_kept and not self._is_confirmed:
            self._outbox.delete([record.id])

    def drain(
        self, timeout_s: float, stopped_timeout_s: float, is_stopped: Callable[[], bool]
    ) -> None:
        """Wait until everything is confirmed, for a shorter time once `is_stopped`."""
        begun = time.monotonic()
        while self.undelivered:
            limit_s = min(stopped_timeout_s, timeout_s) if is_stopped() else timeout_s
            if time.monotonic() - begun >= limit_s:
                return
            time.sleep(_POLL_S)

    def close(self) -> None:
        """Close the sinks; what is not confirmed stays in the outbox."""
        for sink in self._sinks:
            sink.close()
