"""Events to an MQTT broker, at least once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress

from paho.mqtt.enums import MQTTProtocolVersion

from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.conversation import Conversation
from edge_lambda.delivery.dialogue import Dialogue
from edge_lambda.delivery.lanes import Message
from edge_lambda.delivery.mqtt_client import Client
from edge_lambda.delivery.mqtt_session import MqttSession
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.outbox_sender import OutboxSender
from edge_lambda.delivery.reason_codes import FAILURE, PACKET_TOO_LARGE
from edge_lambda.delivery.refusals import Refusals, Remedy
from edge_lambda.delivery.suspects import Mode, Suspects

_log = logging.getLogger(__name__)
# AWS IoT accepts a client whose policy denies its messages or whose client id is in use, and
# disconnects it later. So only a connection that delivers, or lasts, resets the backoff.
_STABLE_S = 60.0
_QUIET_S = 2.0
_DAY_S = 86_400.0
_LAST_STATUS_S = 0.4
_STATUS_CLOSES = 2
_LONGEST_HEADER = 16
_CLOSES = "the broker closes the connection"
_5, _3 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_NAMES = {_5: "mqtt 5", _3: "mqtt 3.1.1"}


class MqttSink(OutboxSender):
    """Publish the outbox's events in a separate thread and delete what the broker confirms.

    Each connection starts again from the oldest event, so an event may arrive twice but none
    is skipped. MQTT 5, or 3.1.1 with a broker that only speaks that; quality of service 1.

    Parameters
    ----------
    outbox : Outbox
    broker : Broker
    client_id : str
        The device id; AWS IoT policies expect it.
    max_publishes_per_s : float
    keepalive_s : int
    topic_prefix : str
        Prepended to the topic of events, such as ``$aws/rules/<rule>/``.
    make_will : callable or None
        Returns the last will, which the broker publishes when the device has gone: retained, to
        the status topic. It is called for each connection.
    conversation : Conversation or None
        Held over the same connections, as far as they speak MQTT 5.

    Raises
    ------
    ConfigError
        When a TLS file is unusable.
    """

    def __init__(
        self,
        outbox: Outbox,
        broker: Broker,
        client_id: str,
        *,
        max_publishes_per_s: float = 100.0,
        keepalive_s: int = 30,
        topic_prefix: str = "",
        make_will: Callable[[], bytes] | None = None,
        conversation: Conversation | None = None,
    ) -> None:
        super().__init__(
            outbox, "mqtt", client_id, topic_prefix, host=broker.host, port=broker.port
        )
        self._broker = broker
        self._tls = broker.tls_context()
        self._client = Client(
            id=client_id,
            keepalive_s=keepalive_s,
            status_topic=self._status_topic,
            make_will=make_will,
        )
        self._spacing_s = 1 / max_publishes_per_s
        self._suspects = Suspects()
        self._refusals = Refusals(client_id)
        self._dialogue = Dialogue(conversation)
        self._try_5_s = 0.0  # until then, the broker is known to speak only 3.1.1
        self._is_first = True
        self._status_closes = 0
        self._send_status_from_s = 0.0
        self._start()

    def _serve(self) -> str:
        session = self._connect()
        try:
            if not session.is_connected:
                return session.problem
            self._is_first = False
            connected_s = time.monotonic()
            self._connected(_NAMES[session.version])
            # amqtt, which has no MQTT 5, drops a connection and the events that it has confirmed
            # when a topic starts with $. AWS IoT speaks MQTT 5.
            if session.version is _5:
                self._dialogue.start(session)
            while session.is_connected and not self._is_closing.is_set():
                self._exchange(session, connected_s)
            self._finish(session, connected_s)
            return session.problem
        finally:
            session.close()

    def _connect(self) -> MqttSession:
        """Connect with MQTT 5; with 3.1.1 when the broker refuses 5, or does not answer."""
        if time.monotonic() < self._try_5_s:
            return self._open(_3)
        session = self._open(_5)
        is_refused = session.is_version_refused
        if not (is_refused or session.was_cut) or self._is_closing.is_set():
            return session
        session.close()
        session = self._open(_3)
        if session.is_connected:
            _log.warning("broker does not speak MQTT 5, using 3.1.1", extra=self._address)
            self._try_5_s = time.monotonic() + (_DAY_S if is_refused else 0)
        return session

    def _open(self, version: MQTTProtocolVersion) -> MqttSession:
        session = MqttSession(
            self._broker, self._tls, self._client, version, self._wake, is_first=self._is_first
        )
        session.connect()
        return session

    def _finish(self, session: MqttSession, connected_s: float) -> None:
        self._settle(session)
        if self._is_closing.is_set():
            status = self._take_status()
            if status is not None and session.is_connected:
                info = session.publish_status(status.payload, status.expiry_s)
                with suppress(RuntimeError):  # the connection has just ended
                    info.wait_for_publish(_LAST_STATUS_S)
        elif session.was_closed and session.is_status_unanswered:
            self._count_status_close()
        elif session.was_closed and not self._dialogue.is_cause(session):
            self._suspects.closed(session.unanswered)
        if time.monotonic() - connected_s >= _STABLE_S:
            self._backoff.reset()

    def _exchange(self, session: MqttSession, connected_s: float) -> None:
        """Delete confirmed events, send the next message, or wait for news."""
        self._note_turn()
        self._settle(session)
        if self._send_status_from_s <= time.monotonic():
            status = self._take_status()
            if status is not None:
                session.publish_status(status.payload, status.expiry_s)
        self._dialogue.turn(session)
        if self._suspects.mode is Mode.QUIET and time.monotonic() - connected_s >= _QUIET_S:
            self._quarantine_suspect()
        message = self._next_message(session)
        if message is not None:
            self._send(session, message)
            self._is_closing.wait(self._spacing_s)
        elif session.is_stuck:
            session.give_up("no confirmation")
        else:
            self._wait_for_news()

    def _count_status_close(self) -> None:
        """Stop the heartbeat when the broker closes the connection for it: events matter more."""
        self._status_closes += 1
        if self._status_closes >= _STATUS_CLOSES:
            self._status_closes = 0
            self._send_status_from_s = time.monotonic() + _DAY_S
            _log.error("heartbeat stopped for a day", extra=self._address | {"reason": _CLOSES})

    def _next_message(self, session: MqttSession) -> Message | None:
        if self._suspects.mode is Mode.QUIET or not session.free_slots:
            return None
        if session.unanswered and (self._suspects.mode is Mode.ALONE or self._refusals.is_probing):
            return None
        if not self._refusals.may_send():
            return None
        suspect = self._suspects.suspect
        if self._suspects.mode is Mode.ALONE and suspect is not None:
            return self._lanes.again(suspect)
        return self._lanes.next(is_live_only=session.free_slots <= session.live_slots)

    def _send(self, session: MqttSession, message: Message) -> None:
        topic = self._topic(message)
        size = len(topic.encode()) + len(message.payload) + _LONGEST_HEADER
        if session.max_packet_bytes is not None and size > session.max_packet_bytes:
            self._answer_refusal(message, PACKET_TOO_LARGE)
        else:
            session.publish(message, topic)

    def _settle(self, session: MqttSession) -> None:
        for message, code in session.take_answers():
            self._suspects.answered(message)
            if code < FAILURE:
                self._confirm(message)
                self._refusals.confirmed(message)
            else:
                self._answer_refusal(message, code)

    def _answer_refusal(self, message: Message, code: int) -> None:
        remedy, reason = self._refusals.refused(message, code)
        self._has_problem(f"refused: {reason}", is_connected=True)
        if remedy is Remedy.QUARANTINE:
            self._refuse(message, reason)
        elif remedy is Remedy.QUARANTINE_ONE:
            self._refuse_content(message, reason)
        else:
            self._outbox.count_refused(len(message.record_ids))
            self._lanes.settle(message)

    def _quarantine_suspect(self) -> None:
        """Put the suspect into quarantine: the connection lasts without it."""
        suspect = self._suspects.suspect
        if suspect is None:
            return
        if len(suspect.record_ids) > 1:
            self._suspects.clear()
        elif self._suspects.confirm_cause() and suspect.device_id != self._device_id:
            self._outbox.quarantine_device(suspect.device_id, _CLOSES)
        self._refuse_content(suspect, _CLOSES)
        self._backoff.reset()
