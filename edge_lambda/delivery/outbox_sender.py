"""What sinks share that send the outbox's events in their own thread."""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from edge_lambda.backoff import Backoff
from edge_lambda.delivery.outbox import Outbox, OutboxRecord
from edge_lambda.delivery.sink import Sink
from edge_lambda.errors import OutboxError, SinkError
from smile_contract import events_topic

_log = logging.getLogger(__name__)
_JOIN_S = 0.5
_NEWS_S = 1.0


class OutboxSender(Sink):
    """Open one connection after another, with exponential backoff between failures.

    Parameters
    ----------
    outbox : Outbox
    name : str
        Name of the thread and, in log and error messages, of the sink.
    topic_prefix : str
        Prepended to each topic, such as ``$aws/rules/<rule>/``.
    **address : object
        Host and port, for the log.
    """

    confirms: ClassVar[bool] = True

    def __init__(self, outbox: Outbox, name: str, topic_prefix: str, **address: object) -> None:
        self._outbox = outbox
        self._name = name
        self._topic_prefix = topic_prefix
        self._address = address
        self._backoff = Backoff()
        self._wake = threading.Event()
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def _serve(self) -> str:
        """Send over one connection until it breaks or the sink closes; return the reason."""

    def _start(self) -> None:
        """Start the thread; call this at the end of ``__init__``."""
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

    def _topic(self, record: OutboxRecord) -> str:
        return self._topic_prefix + events_topic(record.device_id)

    def _confirm(self, record_ids: Sequence[int]) -> None:
        """Delete delivered events; a connection that delivers resets the backoff."""
        if record_ids:
            self._outbox.delete(record_ids)
            self._backoff.reset()

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
                f"{self._name} not connected",
                extra=self._address | {"reason": reason, "retry_in_s": round(wait_s, 2)},
            )
            self._is_closing.wait(wait_s)
