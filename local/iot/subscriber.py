"""A connection to the broker that handles messages: what the local services of AWS IoT have."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from local.errors import StartError
from local.network.ports import LOOPBACK

_SUBSCRIBE_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


class Subscriber:
    """Subscribes to the broker, and subscribes again after each lost connection.

    Parameters
    ----------
    name : str
        What it is, such as ``the rules engine``, for error messages and the client id.
    filters : sequence of str
        Topic filters.
    handle : callable
        Gets the topic and the payload of each message, in the thread of the connection.
    on_problem : callable
        Gets one line for each message that `handle` raised an error for.
    """

    def __init__(
        self,
        name: str,
        filters: Sequence[str],
        handle: Callable[[str, bytes], object],
        on_problem: Callable[[str], None],
    ) -> None:
        self._name = name
        self._filters = filters
        self._handle = handle
        self._on_problem = on_problem
        self._subscribed = threading.Event()
        client_id = f"{name.removeprefix('the ').replace(' ', '-')}-{uuid.uuid4().hex[:8]}"
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    @property
    def is_subscribed(self) -> bool:
        """Whether the broker has confirmed the subscription."""
        return self._subscribed.is_set()

    def start(self, port: int) -> None:
        """Connect to the broker and wait until it confirms the subscription.

        Raises
        ------
        StartError
            When the broker does not answer.
        """
        try:
            self._client.connect(LOOPBACK, port, keepalive=60)
        except OSError as error:
            raise StartError(f"{self._name} cannot reach the broker: {error}") from error
        self._client.loop_start()
        if not self._subscribed.wait(_SUBSCRIBE_TIMEOUT_S):
            raise StartError(f"the broker did not confirm the subscription of {self._name}")

    def publish(self, topic: str, text: str) -> None:
        """Publish a message with quality of service 1, without waiting for the broker."""
        self._client.publish(topic, text, qos=1)

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    # --- called by paho, in its thread ---

    def _on_connect(self, client: mqtt.Client, *reply: Any) -> None:
        _userdata, _flags, reason, _properties = reply
        if not reason.is_failure:
            client.subscribe([(one, 1) for one in self._filters])

    def _on_subscribe(self, _client: mqtt.Client, *reply: Any) -> None:
        _userdata, _message_id, reasons, _properties = reply
        if not reasons[0].is_failure:
            self._subscribed.set()

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        try:
            self._handle(message.topic, bytes(message.payload))
        except Exception as error:  # noqa: BLE001 - else paho's thread would end
            _log.exception("message not handled", extra={"topic": message.topic})
            self._on_problem(f"{message.topic[:80]}: not handled: {type(error).__name__}: {error}")
