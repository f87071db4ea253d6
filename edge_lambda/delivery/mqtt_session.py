"""One connection to a broker and the messages in flight on it."""

from __future__ import annotations

import ssl
import threading
import time
from collections import deque
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import OutboxRecord

# AWS IoT Core allows a client 100 unconfirmed messages; fewer keep resent ones closer to order.
_MAX_IN_FLIGHT = 20
_CONNECT_S = 5.0
_CONFIRM_S = 30.0


class MqttSession:
    """A connection that is used until it breaks; the next one resends what was in flight.

    Parameters
    ----------
    broker : Broker
    tls : SSLContext or None
    client_id : str
    wake : threading.Event
        Set on every confirmation and change of the connection.
    keepalive_s : int

    Attributes
    ----------
    is_connected : bool
    last_sent_id : int
        Id of the latest record that was sent.
    problem : str
        Why the connection failed or ended; empty while it lasts.
    """

    def __init__(
        self,
        broker: Broker,
        tls: ssl.SSLContext | None,
        client_id: str,
        wake: threading.Event,
        keepalive_s: int,
    ) -> None:
        self.is_connected = False
        self.last_sent_id = 0
        self.problem = ""
        self._broker = broker
        self._keepalive_s = keepalive_s
        self._wake = wake
        self._answered = threading.Event()
        self._in_flight: dict[int, tuple[int, float]] = {}
        self._confirmed: deque[int] = deque()
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_S
        client.max_inflight_messages_set(_MAX_IN_FLIGHT)
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password)
        if tls is not None:
            client.tls_set_context(tls)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        self._client = client

    def connect(self) -> str:
        """Connect; return the problem, or an empty string on success."""
        try:
            self._client.connect(self._broker.host, self._broker.port, self._keepalive_s)
        except ssl.SSLError as error:
            return f"tls: {(error.reason or 'handshake failed').replace('_', ' ').lower()}"
        except (OSError, ValueError) as error:
            return getattr(error, "strerror", None) or str(error)
        self._client.loop_start()
        self._answered.wait(_CONNECT_S)
        return "" if self.is_connected else self.problem or "no answer"

    @property
    def free_slots(self) -> int:
        """How many more messages may be in flight."""
        return _MAX_IN_FLIGHT - len(self._in_flight)

    @property
    def is_stuck(self) -> bool:
        """Whether the broker has left a message unconfirmed for too long."""
        oldest = min((sent_at for _, sent_at in self._in_flight.values()), default=None)
        return oldest is not None and time.monotonic() - oldest > _CONFIRM_S

    def publish(self, record: OutboxRecord, topic: str) -> None:
        """Send a record; `take_confirmed` returns its id once the broker has confirmed it."""
        info = self._client.publish(topic, record.payload, qos=1)
        self._in_flight[info.mid] = (record.id, time.monotonic())
        self.last_sent_id = record.id

    def take_confirmed(self) -> list[int]:
        """Return the ids of the records confirmed since the last call."""
        taken = []
        while self._confirmed:
            record_id, _ = self._in_flight.pop(self._confirmed.popleft())
            taken.append(record_id)
        return taken

    def give_up(self, problem: str) -> None:
        """Regard the connection as broken."""
        self.problem, self.is_connected = problem, False

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        self.is_connected = not reason.is_failure
        self.problem = f"refused: {reason}".lower() if reason.is_failure else ""
        self._answered.set()
        self._wake.set()

    def _on_disconnect(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        self.problem = self.problem or f"connection lost: {reason}".lower()
        self.is_connected = False
        self._answered.set()
        self._wake.set()

    def _on_publish(
        self, _client: paho.Client, _data: Any, mid: int, _reason: Any, _properties: Any
    ) -> None:
        # paho holds its locks here: only note the id, and let the sender do the work.
        self._confirmed.append(mid)
        self._wake.set()
