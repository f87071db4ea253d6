"""The common half of sinks that empty the outbox in a thread of their own."""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from typing import ClassVar

from edge_lambda.backoff import Backoff
from edge_lambda.delivery.outbox import Outbox, OutboxRecord
from edge_lambda.delivery.sink import Sink
from edge_lambda.errors import OutboxError, SinkError

_log = logging.getLogger(__name__)
_JOIN_S = 0.5
_NEWS_S = 1.0


class OutboxSender(Sink):
    """Serve one connection after the other, and wait longer after each that achieved nothing.

    Parameters
    ----------
    outbox : Outbox
    name : str
        Of the thread, and before its complaints.
    peer : str
        Who is on the other side, for the log.
    **address : object
        Where, for the log.
    """

    confirms: ClassVar[bool] = True

    def __init__(self, outbox: Outbox, name: str, peer: str, **address: object) -> None:
        self._outbox = outbox
        self._name = name
        self._peer = peer
        self._address = address
        self._backoff = Backoff()
        self._wake = threading.Event()
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def _serve(self) -> str:
        """Serve one connection until it breaks or the sink closes; return why."""

    def _start(self) -> None:
        """Begin; called when the sink is ready to serve."""
        self._thread.start()

    def offer(self, record: OutboxRecord) -> None:  # noqa: ARG002 - it is read from the outbox
        """Wake the sender."""
        if not self._thread.is_alive():
            raise SinkError(f"{self._name}: the sender has stopped")
        self._wake.set()

    def close(self) -> None:
        """Disconnect."""
        self._is_closing.set()
        self._wake.set()
        self._thread.join(_JOIN_S)

    def _wait_for_news(self) -> None:
        self._wake.wait(_NEWS_S)
        self._wake.clear()

    def _run(self) -> None:
        while not self._is_closing.is_set():
            try:
                reason = self._serve()
            except OutboxError as error:
                reason = str(error)
            if self._is_closing.is_set():
                return
            wait_s = self._backoff.next_s()
            _log.warning(
                f"{self._peer} not connected",
                extra=self._address | {"reason": reason, "retry_in_s": round(wait_s, 2)},
            )
            self._is_closing.wait(wait_s)
