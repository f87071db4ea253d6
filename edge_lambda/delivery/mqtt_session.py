"""One connection to a broker and the messages in flight on it."""

from __future__ import annotations

import ssl
import threading
import time
from collections import deque
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.lanes import Message
from edge_lambda.delivery.mqtt_client import (
    CONNECT_S,
    MAX_IN_FLIGHT,
    Client,
    make_client,
    properties_of,
)
from edge_lambda.delivery.reason_codes import FAILURE, UNSUPPORTED_VERSION, in_words

NO_ANSWER = "no answer"
# Brokers that only speak 3.1.1 may wait for more of a connection request in MQTT 5.
_ANSWER_TO_5_S = 2.0
_CONFIRM_S = 30.0
_SESSION_EXPIRY_S = 3600


class MqttSession:
    """A connection that is used until it breaks; the next one resends what was in flight.

    Parameters
    ----------
    broker : Broker
    tls : SSLContext or None
    client : Client
    version : MQTTProtocolVersion
        5 or 3.1.1.
    wake : threading.Event
        Set on every answer and change of the connection.
    is_first : bool
        Whether it is the first of the process: the broker then forgets the session before.

    Attributes
    ----------
    is_connected : bool
    is_version_refused : bool
        Whether the broker said that it does not speak this version of MQTT, or said nothing.
    was_cut, was_closed : bool
        Whether the other side ended the connection before it answered, and after that.
    incoming, is_granted, is_denied
        As in `Connection` of the dialogue.
    is_status_unanswered : bool
        Whether the broker has not answered a status message yet.
    refusal_code : int or None
        Reason code of a refused connection.
    status_code : int or None
        Reason code of the latest answer to a status message.
    max_packet_bytes : int or None
        The largest packet that the broker accepts, if it says so.
    version : MQTTProtocolVersion
    problem : str
        Why the connection failed or ended; empty while it lasts.
    """

    def __init__(
        self,
        broker: Broker,
        tls: ssl.SSLContext | None,
        client: Client,
        version: MQTTProtocolVersion,
        wake: threading.Event,
        *,
        is_first: bool = True,
    ) -> None:
        self.is_connected = self.is_version_refused = False
        self.was_closed = self.was_cut = self.is_status_unanswered = False
        self.problem = ""
        self.refusal_code: int | None = None
        self.status_code: int | None = None
        self.max_packet_bytes: int | None = None
        self.incoming: deque[tuple[str, bytes]] = deque()
        self.is_granted: bool | None = None
        self.is_denied = False
        self._asked: set[int] = set()  # unanswered subscriptions and messages of the dialogue
        self._broker = broker
        self._settings = client
        self.version = version
        self._is_5 = version is MQTTProtocolVersion.MQTTv5
        self._is_first = is_first
        self._wake = wake
        self._answered = threading.Event()
        self._max_in_flight = MAX_IN_FLIGHT
        self._in_flight: dict[int, tuple[Message, float]] = {}
        self._answers: deque[tuple[int, int]] = deque()
        self._client = make_client(broker, tls, client, version)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def connect(self) -> None:
        """Connect; without success, `problem` says why."""
        options: dict[str, Any] = {}
        if self._is_5:
            properties = properties_of(PacketTypes.CONNECT, SessionExpiryInterval=_SESSION_EXPIRY_S)
            options = {"clean_start": self._is_first, "properties": properties}
        try:
            self._client.connect(
                self._broker.host, self._broker.port, self._settings.keepalive_s, **options
            )
        except ssl.SSLError as error:
            self.problem = f"tls: {(error.reason or 'handshake failed').replace('_', ' ').lower()}"
            return
        except (OSError, ValueError) as error:
            self.problem = getattr(error, "strerror", None) or str(error)
            return
        self._client.loop_start()
        if not self._answered.wait(_ANSWER_TO_5_S if self._is_5 else CONNECT_S):
            self.problem, self.is_version_refused = NO_ANSWER, self._is_5

    @property
    def free_slots(self) -> int:
        """How many more messages may be in flight."""
        return self._max_in_flight - len(self._in_flight)

    @property
    def live_slots(self) -> int:
        """How many of them are only for live events."""
        return self._max_in_flight // 5

    @property
    def unanswered(self) -> list[Message]:
        """The messages in flight, in the order of sending."""
        return [message for message, _ in self._in_flight.values()]

    @property
    def is_stuck(self) -> bool:
        """Whether the broker has left a message unconfirmed for too long."""
        oldest = min((sent_at for _, sent_at in self._in_flight.values()), default=None)
        return oldest is not None and time.monotonic() - oldest > _CONFIRM_S

    def publish(self, message: Message, topic: str) -> None:
        """Send a message; `take_answers` returns it once the broker has answered."""
        now_s = time.monotonic()
        info = self._client.publish(topic, message.payload, qos=1)
        self._in_flight[info.mid] = (message, now_s)

    def publish_status(self, payload: bytes, expiry_s: int | None) -> paho.MQTTMessageInfo:
        """Send a retained status message; with MQTT 5, the broker forgets it after `expiry_s`."""
        self.is_status_unanswered = True
        properties = None
        if self._is_5 and expiry_s is not None:
            properties = properties_of(PacketTypes.PUBLISH, MessageExpiryInterval=expiry_s)
        topic = self._settings.status_topic
        return self._client.publish(topic, payload, qos=1, retain=True, properties=properties)

    @property
    def awaits_answer(self) -> bool:
        """Whether the broker has not answered a subscription or a message of the dialogue."""
        return bool(self._asked)

    def subscribe(self, topics: list[str]) -> None:
        """Ask for the messages of topics; `is_granted` is the answer."""
        _, message_id = self._client.subscribe([(topic, 1) for topic in topics])
        if message_id is not None:
            self._asked.add(message_id)

    def send(self, topic: str, payload: bytes) -> None:
        """Send a message of the dialogue; `is_denied` when the broker denies it."""
        self._asked.add(self._client.publish(topic, payload, qos=1).mid)

    def take_answers(self) -> list[tuple[Message, int]]:
        """Return the messages answered since the last call, each with its reason code.

        Codes below 128 are confirmations:
        https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901124
        """
        taken = []
        while self._answers:
            message_id, code = self._answers.popleft()
            if message_id in self._asked:
                self._asked.discard(message_id)
                self.is_denied |= code >= FAILURE
            elif message_id in self._in_flight:
                message, _ = self._in_flight.pop(message_id)
                taken.append((message, code))
            else:
                self.is_status_unanswered, self.status_code = False, code
        return taken

    def give_up(self, problem: str) -> None:
        """Regard the connection as broken."""
        self.problem, self.is_connected = problem, False

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, properties: Any
    ) -> None:
        self.is_connected = not reason.is_failure
        self.refusal_code = reason.value if reason.is_failure else None
        self.problem = f"refused: {in_words(reason.value)}" if reason.is_failure else ""
        self.is_version_refused = self._is_5 and reason.value == UNSUPPORTED_VERSION
        receive_maximum = getattr(properties, "ReceiveMaximum", MAX_IN_FLIGHT)
        self._max_in_flight = min(MAX_IN_FLIGHT, receive_maximum)
        self.max_packet_bytes = getattr(properties, "MaximumPacketSize", None)
        self._answered.set()
        self._wake.set()

    def _on_disconnect(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        self.was_closed, self.was_cut = self.is_connected, not self._answered.is_set()
        self.problem = self.problem or f"connection lost: {reason}".lower()
        self.is_connected = False
        self._answered.set()
        self._wake.set()

    def _on_publish(
        self, _client: paho.Client, _data: Any, mid: int, reason: Any, _properties: Any
    ) -> None:
        # paho holds its locks here: only note the id, and let the sender do the work.
        self._answers.append((mid, reason.value))
        self._wake.set()

    def _on_subscribe(
        self, _client: paho.Client, _data: Any, mid: int, reasons: Any, _properties: Any
    ) -> None:
        self.is_granted = not any(reason.is_failure for reason in reasons)
        self._answers.append((mid, 0))
        self._wake.set()

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self.incoming.append((message.topic, bytes(message.payload)))
        self._wake.set()
