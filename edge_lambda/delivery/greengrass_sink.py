"""Events to AWS IoT Core through AWS IoT Greengrass v2 on the same machine.

https://docs.aws.amazon.com/greengrass/v2/developerguide/ipc-iot-core-mqtt.html
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, Protocol

from edge_lambda.delivery.conversation import Conversation
from edge_lambda.delivery.dialogue import Dialogue
from edge_lambda.delivery.lanes import Message
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.outbox_sender import OutboxSender
from edge_lambda.delivery.sink import State
from edge_lambda.errors import ConfigError, OutboxError

_log = logging.getLogger(__name__)
_AT_LEAST_ONCE = "1"
# Names of the errors in the service model of the SDK, which is not imported here.
_BAD_TOPIC, _BAD_CONTENT = "UnauthorizedError", "InvalidArgumentsError"


class IpcClient(Protocol):
    """The part of ``GreengrassCoreIPCClientV2`` that is used here."""

    def publish_to_iot_core(self, *, topic_name: str, qos: str, payload: bytes) -> object:
        """Pass a message to the nucleus, which keeps it until AWS IoT Core has it."""

    def subscribe_to_iot_core(
        self, *, topic_name: str, qos: str, on_stream_event: Callable[[Any], None]
    ) -> object:
        """Call `on_stream_event` with each message of a topic, in another thread."""

    def update_state(self, *, state: str) -> object:
        """Report the state of the component."""

    def close(self) -> object:
        """Disconnect."""


class GreengrassSink(OutboxSender):
    """Send the outbox's events to the nucleus in a separate thread, live ones first.

    An event is deleted as soon as the nucleus has accepted it into its spooler. The nucleus
    expects one connection per process, so a broken one is closed before the next is opened.

    Parameters
    ----------
    outbox : Outbox
    topic_prefix : str
        Prepended to the topic of events, such as ``$aws/rules/<rule>/``.
    connect : callable
        Returns a connected client; None uses the AWS IoT Device SDK.
    device_id : str
    conversation : Conversation or None
        Held over the same connection.

    Raises
    ------
    ConfigError
        When the SDK is missing.
    """

    def __init__(
        self,
        outbox: Outbox,
        topic_prefix: str = "",
        connect: Callable[[], IpcClient] | None = None,
        *,
        device_id: str,
        conversation: Conversation | None = None,
    ) -> None:
        super().__init__(outbox, "greengrass", device_id, topic_prefix)
        self._dialogue = Dialogue(conversation)
        self._connect = connect or load_ipc_client()
        self._state: State | None = None
        self._reported: State | None = None
        self._start()

    def report_state(self, state: State) -> None:
        """Report the state of the component to the nucleus, which restarts an ``ERRORED`` one."""
        self._state = state
        self._wake.set()

    def _serve(self) -> str:
        client: IpcClient | None = None
        try:
            client = self._connect()
            self._connected("greengrass")
            self._reported = None
            link = _Link(client, self._wake.set)
            self._dialogue.start(link)
            while not self._is_closing.is_set():
                self._dialogue.turn(link)
                self._exchange(client)
            self._publish_latest_status(client)
        except OutboxError:
            raise
        except Exception as error:  # noqa: BLE001 - the SDK raises what its service model names
            return repr(error)
        else:
            return ""
        finally:
            if client is not None:
                with suppress(Exception):  # it may be broken already
                    client.close()

    def _exchange(self, client: IpcClient) -> None:
        self._note_turn()
        self._report_latest_state(client)
        self._publish_latest_status(client)
        message = self._lanes.next()
        if message is None:
            self._wait_for_news()
            return
        try:
            _publish(client, self._topic(message), message.payload)
        except Exception as error:  # noqa: BLE001 - raised again unless it is a refusal
            self._answer_refusal(message, error)
        else:
            self._confirm(message)

    def _report_latest_state(self, client: IpcClient) -> None:
        state = self._state
        if state is None or state == self._reported:
            return
        self._reported = state
        try:
            client.update_state(state=state)
        except Exception as error:  # noqa: BLE001 - events matter more; a broken one fails again
            _log.warning("state not reported", extra={"state": state, "reason": repr(error)})

    def _publish_latest_status(self, client: IpcClient) -> None:
        status = self._take_status()
        if status is None:
            return
        try:
            _publish(client, self._status_topic, status.payload)
        except Exception as error:
            if type(error).__name__ != _BAD_TOPIC:
                raise
            self._has_problem(repr(error), is_connected=True)

    def _answer_refusal(self, message: Message, error: Exception) -> None:
        """Put a refused message into quarantine; raise every other error."""
        name = type(error).__name__
        if name == _BAD_TOPIC and message.device_id != self._device_id:
            self._refuse(message, repr(error))
        elif name == _BAD_CONTENT:
            self._refuse_content(message, repr(error))
        else:
            raise error


class _Link:
    """A connection to the nucleus, for the dialogue."""

    def __init__(self, client: IpcClient, wake: Callable[[], None]) -> None:
        self.incoming: deque[tuple[str, bytes]] = deque()
        self.is_granted: bool | None = None
        self.is_denied = False
        self.awaits_answer = False  # the nucleus answers at once
        self._client = client
        self._wake = wake

    def subscribe(self, topics: list[str]) -> None:
        for topic in topics:
            try:
                self._client.subscribe_to_iot_core(
                    topic_name=topic, qos=_AT_LEAST_ONCE, on_stream_event=self._receive
                )
            except Exception as error:
                if type(error).__name__ != _BAD_TOPIC:
                    raise
                self.is_granted = False
                return
        self.is_granted = True

    def send(self, topic: str, payload: bytes) -> None:
        try:
            _publish(self._client, topic, payload)
        except Exception as error:
            if type(error).__name__ != _BAD_TOPIC:
                raise
            self.is_denied = True

    def _receive(self, event: Any) -> None:
        self.incoming.append((event.message.topic_name, event.message.payload))
        self._wake()


def _publish(client: IpcClient, topic: str, payload: bytes) -> None:
    client.publish_to_iot_core(topic_name=topic, qos=_AT_LEAST_ONCE, payload=payload)


def load_ipc_client() -> Callable[[], IpcClient]:
    """Return the SDK's function that connects to the nucleus; import the SDK only now.

    Raises
    ------
    ConfigError
        When the SDK is missing.
    """
    try:
        module = import_module("awsiot.greengrasscoreipc.clientv2")
    except ImportError:
        raise ConfigError(
            "sinks: greengrass needs the package awsiotsdk: pip install awsiotsdk"
        ) from None
    client: Callable[[], IpcClient] = module.GreengrassCoreIPCClientV2
    return client
