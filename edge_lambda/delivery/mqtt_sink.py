"""Events to an MQTT broker, at least once."""

from __future__ import annotations

import logging
import time

from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.mqtt_session import MqttSession
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.outbox_sender import OutboxSender

_log = logging.getLogger(__name__)
# AWS IoT accepts, then disconnects whoever publishes what its policy denies, or has a client id
# that is in use: only a connection that did its work, or lasted, has succeeded.
_HELD_S = 60.0


class MqttSink(OutboxSender):
    """Publish what is in the outbox, in a thread of its own, and delete what is confirmed.

    Each connection starts again from the oldest event, so an event may arrive twice and none
    is left out. MQTT 3.1.1, quality of service 1.

    Parameters
    ----------
    outbox : Outbox
    broker : Broker
    client_id : str
        The device id, which AWS IoT policies ask for.
    max_publishes_per_s : float
    keepalive_s : int
    topic_prefix : str
        Stands before each topic, such as ``$aws/rules/<rule>/``.

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
    ) -> None:
        super().__init__(outbox, "mqtt", "broker", host=broker.host, port=broker.port)
        self._broker = broker
        self._tls = broker.tls_context()
        self._client_id = client_id
        self._spacing_s = 1 / max_publishes_per_s
        self._keepalive_s = keepalive_s
        self._topic_prefix = topic_prefix
        self._start()

    def _serve(self) -> str:
        session = MqttSession(
            self._broker,
            self._tls,
            self._client_id,
            self._wake,
            self._keepalive_s,
            topic_prefix=self._topic_prefix,
        )
        try:
            problem = session.connect()
            if problem:
                return problem
            _log.info("broker connected", extra=self._address)
            connected = time.monotonic()
            while session.is_connected and not self._is_closing.is_set():
                self._exchange(session)
            self._settle(session)
            if time.monotonic() - connected >= _HELD_S:
                self._backoff.reset()
            return session.problem or "connection lost"
        finally:
            session.close()

    def _exchange(self, session: MqttSession) -> None:
        """Settle what is confirmed, send what there is room for, then wait for news."""
        self._settle(session)
        for record in self._outbox.after(session.last_sent_id, session.room):
            session.publish(record)
            if self._is_closing.wait(self._spacing_s):
                return
        if session.is_stuck:
            session.abandon("no confirmation")
            return
        self._wait_for_news()

    def _settle(self, session: MqttSession) -> None:
        confirmed = session.take_confirmed()
        if confirmed:
            self._backoff.reset()
            self._outbox.delete(confirmed)
