"""Events to an MQTT broker, at least once."""

from __future__ import annotations

import logging
import time

from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.mqtt_session import MqttSession
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.outbox_sender import OutboxSender

_log = logging.getLogger(__name__)
# AWS IoT accepts a client whose policy denies its messages or whose client id is in use, and
# disconnects it later. So only a connection that delivers, or lasts, resets the backoff.
_STABLE_S = 60.0


class MqttSink(OutboxSender):
    """Publish the outbox's events in a separate thread and delete what the broker confirms.

    Each connection starts again from the oldest event, so an event may arrive twice but none
    is skipped. MQTT 3.1.1, quality of service 1.

    Parameters
    ----------
    outbox : Outbox
    broker : Broker
    client_id : str
        The device id; AWS IoT policies expect it.
    max_publishes_per_s : float
    keepalive_s : int
    topic_prefix : str
        Prepended to each topic, such as ``$aws/rules/<rule>/``.

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
        super().__init__(outbox, "mqtt", topic_prefix, host=broker.host, port=broker.port)
        self._broker = broker
        self._tls = broker.tls_context()
        self._client_id = client_id
        self._spacing_s = 1 / max_publishes_per_s
        self._keepalive_s = keepalive_s
        self._start()

    def _serve(self) -> str:
        session = MqttSession(
            self._broker, self._tls, self._client_id, self._wake, self._keepalive_s
        )
        try:
            problem = session.connect()
            if problem:
                return problem
            connected = time.monotonic()
            _log.info("mqtt connected", extra=self._address)
            while session.is_connected and not self._is_closing.is_set():
                self._exchange(session)
            self._confirm(session.take_confirmed())
            if time.monotonic() - connected >= _STABLE_S:
                self._backoff.reset()
            return session.problem
        finally:
            session.close()

    def _exchange(self, session: MqttSession) -> None:
        """Delete confirmed events, send as many as may be in flight, then wait for news."""
        self._confirm(session.take_confirmed())
        for record in self._outbox.after(session.last_sent_id, session.free_slots):
            session.publish(record, self._topic(record))
            if self._is_closing.wait(self._spacing_s):
                return
        if session.is_stuck:
            session.give_up("no confirmation")
        else:
            self._wait_for_news()
