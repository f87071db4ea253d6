"""One connection to a broker, and what was sent over it."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections import deque
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.outbox import OutboxRecord
from smile_contract import events_topic

# AWS IoT Core lets 100 unconfirmed messages of a client wait; fewer keep the order of resends.
_MAX_IN_FLIGHT = 20
_CONNECT_S = 5.0
_CONFIRM_S = 30.0

_log = logging.getLogger(__name__)


class MqttSession:
    """A connection that is not reused once it broke: what was in flight is sent anew.

    Parameters
    ----------
    broker : Broker
    tls : SSLContext or None
    client_id : str
    wake : threading.Event
        Set whenever there is news.
    keepalive_s : int
    topic_prefix : str
    """

    def __init__(
        self,
        broker: Broker,
        tls: ssl.SSLContext | None,
        client_id: str,
        wake: threading.Event,
        keepalive_s: int,
        *,
        topic_prefix: str = "",
    ) -> None:
        self.last_sent_id = 0
        self.problem = ""
        self._broker = broker
        self._keepalive_s = keepalive_s
        self._topic_prefix = topic_prefix
        self._wake = wake
        self._answered = threading.Event()
        self._is_up = False
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
        """Connect; return what went wrong, or nothing."""
        try:
            self._client.connect(self._broker.host, self._broker.port, self._keepalive_s)
        except ssl.SSLError as error:
            return f"tls: {(error.reason or 'handshake failed').replace('_', ' ').lower()}"
        except (OSError, ValueError) as error:
            return getattr(error, "strerror", None) or str(error)
        self._client.loop_start()
        self._answered.wait(_CONNECT_S)
        return "" if self._is_up else self.problem or "no answer"

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there, as far as is known."""
        return self._is_up

    @property
    def room(self) -> int:
        """How many more messages may be in flight."""
        return _MAX_IN_FLIGHT - len(self._in_flight)

    @property
    def is_stuck(self) -> bool:
        """Whether the broker has left a message unconfirmed for too long."""
        oldest = min((sent_at for _, sent_at in self._in_flight.values()), default=None)
        return oldest is not None and time.monotonic() - oldest > _CONFIRM_S

    def publish(self, record: OutboxRecord) -> None:
        """Send a record; whether it arrived is told by `take_confirmed`."""
        topic = self._topic_prefix + events_topic(record.device_id)
        info = self._client.publish(topic, record.payload, qos=1)
        self._in_flight[info.mid] = (record.id, time.monotonic())
        self.last_sent_id = record.id

    def take_confirmed(self) -> list[int]:
        """Return the ids of records confirmed since the last call."""
        taken = []
        while self._confirmed:
            sent = self._in_flight.pop(self._confirmed.popleft(), None)
            if sent is not None:
                taken.append(sent[0])
        return taken

    def abandon(self, problem: str) -> None:
        """Give the connection up."""
        self.problem, self._is_up = problem, False

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        self._is_up = not reason.is_failure
        self.problem = f"refused: {reason}".lower() if reason.is_failure else ""
        self._answered.set()
        self._wake.set()

    def _on_disconnect(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        self._is_up = False
        self.problem = self.problem or str(reason).lower()
        self._answered.set()
        self._wake.set()

    def _on_publish(
        self, _client: paho.Client, _data: Any, mid: int, _reason: Any, _properties: Any
    ) -> None:
        # Called with the client's locks held: note it, and let the sender do the work.
        self._confirmed.append(mid)
        self._wake.set()
