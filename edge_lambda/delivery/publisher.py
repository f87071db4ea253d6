"""Store each event in the outbox and offer it to the sinks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from edge_lambda.delivery.outbox import NotStoredError, Outbox
from edge_lambda.delivery.sink import Sink
from smile_contract import SmileEvent

_log = logging.getLogger(__name__)
_POLL_S = 0.02


class Publisher:
    """Publish events to every sink.

    Parameters
    ----------
    outbox : Outbox
    sinks : sequence of Sink

    Attributes
    ----------
    published, lost : int
        How many events were published, and how many of them no broker will ever receive.
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
        """Store an event and offer it to every sink.

        A full disk does not stop the camera: sinks that do not confirm still get the event. For
        the others it is lost, which is counted and logged.

        Raises
        ------
        SinkError
            When a sink will never deliver events again.
        """
        try:
            record, is_stored = self._outbox.put(event), True
        except NotStoredError as error:
            record, is_stored = error.record, False
            self.lost += self._is_confirmed
            problem = "event lost" if self._is_confirmed else "event not stored"
            _log.error(problem, extra={"event_id": event.event_id, "error": str(error)})
        self.published += 1
        for sink in self._sinks:
            if is_stored or not sink.confirms:
                sink.offer(record)
        if is_stored and not self._is_confirmed:
            self._outbox.delete([record.id])

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
