"""What sinks share that send the outbox's events in their own thread."""

from __future__ import annotations

import logging
import threading
import time
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from edge_lambda.backoff import Backoff
from edge_lambda.delivery.lanes import Lanes, Message
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.record import OutboxRecord
from edge_lambda.delivery.sink import Sink
from edge_lambda.delivery.status import ConnectionStatus
from edge_lambda.errors import OutboxError
from smile_contract import events_topic, status_topic

_log = logging.getLogger(__name__)
_JOIN_S = 0.5
_NEWS_S = 1.0
_HANGS_S = 120.0  # longer than the longest pause between two connections


@dataclass(frozen=True, slots=True)
class Status:
    """A heartbeat to publish.

    Attributes
    ----------
    payload : bytes
    expiry_s : int or None
        After this time it is of no use; None for one that stays true.
    made_s : float
        When it was made, by the monotonic clock.
    """

    payload: bytes
    expiry_s: int | None
    made_s: float

    @property
    def is_expired(self) -> bool:
        """Whether it is of no use any more."""
        return self.expiry_s is not None and time.monotonic() - self.made_s > self.expiry_s


class OutboxSender(Sink):
    """Open one connection after another, with exponential backoff between failures.

    Parameters
    ----------
    outbox : Outbox
    name : str
        Name of the thread and, in log and error messages, of the sink.
    device_id : str
        The device that sends. Events of other ids are those of its former names.
    topic_prefix : str
        Prepended to the topic of events, such as ``$aws/rules/<rule>/``.
    **address : object
        Host and port, for the log.
    """

    confirms: ClassVar[bool] = True

    def __init__(
        self, outbox: Outbox, name: str, device_id: str, topic_prefix: str, **address: object
    ) -> None:
        self._outbox = outbox
        self._lanes = Lanes(outbox)
        self._name = name
        self._device_id = device_id
        self._topic_prefix = topic_prefix
        self._address = address
        self._backoff = Backoff()
        self._wake = threading.Event()
        self._is_closing = threading.Event()
        self._connection = ConnectionStatus()
        self._latest_status: Status | None = None
        self._is_status_new = False
        self._turn_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def _serve(self) -> str:
        """Send over one connection until it breaks or the sink closes; return the reason."""

    def _start(self) -> None:
        """Start the thread; call this at the end of ``__init__``."""
        self._thread.start()

    def offer(self, record: OutboxRecord) -> None:  # noqa: ARG002 - it is read from the outbox
        """Wake the sender."""
        self._wake.set()

    def publish_status(self, payload: bytes, expiry_s: int | None = None) -> None:
        """Publish a heartbeat now and after each new connection, until it expires."""
        self._latest_status = Status(payload, expiry_s, time.monotonic())
        self._is_status_new = True
        self._wake.set()

    @property
    def status(self) -> ConnectionStatus:
        """How the connection is."""
        return self._connection

    @property
    def is_moving(self) -> bool:
        """Whether the thread runs and does not hang."""
        return self._thread.is_alive() and time.monotonic() - self._turn_s < _HANGS_S

    def close(self) -> None:
        """Publish the latest status and disconnect."""
        self._is_closing.set()
        self._wake.set()
        self._thread.join(_JOIN_S)

    def _topic(self, message: Message) -> str:
        return self._topic_prefix + events_topic(message.device_id)

    @property
    def _status_topic(self) -> str:
        return status_topic(self._device_id)

    def _connected(self, protocol: str) -> None:
        """Note that a connection is open; nothing is in flight on it."""
        self._lanes.start_over()
        self._is_status_new = self._latest_status is not None
        problem = self._connection.last_problem
        self._connection = ConnectionStatus(
            is_connected=True, protocol=protocol, last_problem=problem
        )
        _log.info(f"{self._name} connected", extra=self._address | {"protocol": protocol})

    def _has_problem(self, problem: str, *, is_connected: bool) -> None:
        protocol = self._connection.protocol
        self._connection = ConnectionStatus(
            is_connected=is_connected, protocol=protocol, last_problem=problem
        )

    def _take_status(self) -> Status | None:
        """Return the heartbeat to publish now, None when there is none."""
        latest, is_new = self._latest_status, self._is_status_new
        self._is_status_new = False
        return latest if latest is not None and is_new and not latest.is_expired else None

    def _confirm(self, message: Message) -> None:
        """Delete delivered events; a connection that delivers resets the backoff."""
        self._outbox.delete(message.record_ids)
        self._lanes.finish(message)
        self._backoff.reset()

    def _refuse(self, message: Message, reason: str) -> None:
        """Put events into quarantine that the broker never accepts."""
        self._outbox.quarantine(message.record_ids, reason)
        self._lanes.finish(message)

    def _refuse_content(self, message: Message, reason: str) -> None:
        """Put an event into quarantine; of a batch, find out which one it is."""
        if len(message.record_ids) == 1:
            self._refuse(message, reason)
        else:
            self._lanes.send_singly(message.record_ids)
            self._lanes.settle(message)

    def _note_turn(self) -> None:
        """Note that the thread runs. Every turn does so."""
        self._turn_s = time.monotonic()

    def _wait_for_news(self) -> None:
        self._wake.wait(_NEWS_S)
        self._wake.clear()

    def _run(self) -> None:
        while not self._is_closing.is_set():
            self._note_turn()
            try:
                reason = self._serve()
            except OutboxError as error:
                reason = str(error)
            except Exception as error:  # noqa: BLE001 - the camera goes on, and so does the sender
                reason = repr(error)
                _log.exception(f"{self._name} failed")
            self._has_problem(reason, is_connected=False)
            if self._is_closing.is_set():
                return
            wait_s = self._backoff.next_s()
            _log.warning(
                f"{self._name} not connected",
                extra=self._address | {"reason": reason, "retry_in_s": round(wait_s, 2)},
            )
            self._is_closing.wait(wait_s)
