"""Events to AWS IoT Core by way of AWS IoT Greengrass v2 on the same machine.

https://docs.aws.amazon.com/greengrass/v2/developerguide/ipc-iot-core-mqtt.html
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from importlib import import_module
from typing import ClassVar, Protocol

from edge_lambda.backoff import Backoff
from edge_lambda.errors import ConfigError, OutboxError, SinkError
from edge_lambda.outbox import Outbox, OutboxRecord
from edge_lambda.sinks.sink import Sink
from smile_contract import events_topic

_log = logging.getLogger(__name__)
_JOIN_S = 0.5
_BATCH = 20
_AT_LEAST_ONCE = "1"


class IpcClient(Protocol):
    """What of ``GreengrassCoreIPCClientV2`` is used here."""

    def publish_to_iot_core(self, *, topic_name: str, qos: str, payload: bytes) -> object:
        """Hand a message to the nucleus, which keeps it until AWS IoT Core has it."""

    def close(self) -> object:
        """Disconnect."""


class GreengrassSink(Sink):
    """Hand what is in the outbox to the nucleus, in a thread of its own, oldest first.

    An event is deleted when the nucleus has taken it into its spooler. There is one connection in
    a process at a time, as the nucleus asks for; one that breaks is opened anew.

    Parameters
    ----------
    outbox : Outbox
    topic_prefix : str
        Stands before each topic, such as ``$aws/rules/<rule>/``.
    connect : callable
        Returns a client.

    Raises
    ------
    ConfigError
        When the SDK is missing.
    """

    confirms: ClassVar[bool] = True

    def __init__(
        self,
        outbox: Outbox,
        topic_prefix: str = "",
        connect: Callable[[], Callable[[], IpcClient]] | None = None,
    ) -> None:
        self._outbox = outbox
        self._topic_prefix = topic_prefix
        self._open = (connect or load_ipc_client)()
        self._backoff = Backoff()
        self._wake = threading.Event()
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="greengrass", daemon=True)
        self._thread.start()

    def offer(self, record: OutboxRecord) -> None:  # noqa: ARG002 - it is read from the outbox
        """Wake the sender."""
        if not self._thread.is_alive():
            raise SinkError("greengrass: the sender has stopped")
        self._wake.set()

    def close(self) -> None:
        """Disconnect."""
        self._is_closing.set()
        self._wake.set()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while not self._is_closing.is_set():
            reason = self._serve()
            if self._is_closing.is_set():
                return
            wait_s = self._backoff.next_s()
            _log.warning(
                "greengrass not connected", extra={"reason": reason, "retry_in_s": round(wait_s, 2)}
            )
            self._is_closing.wait(wait_s)

    def _serve(self) -> str:
        """Serve one connection until it breaks; return why."""
        client: IpcClient | None = None
        try:
            client = self._open()
            while not self._is_closing.is_set():
                for record in self._outbox.after(0, _BATCH):
                    topic = self._topic_prefix + events_topic(record.device_id)
                    client.publish_to_iot_core(
                        topic_name=topic, qos=_AT_LEAST_ONCE, payload=record.payload
                    )
                    self._outbox.delete([record.id])
                    self._backoff.reset()
                if not len(self._outbox):
                    self._wake.wait(1.0)
                self._wake.clear()
        except OutboxError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - the SDK raises whatever its service model names
            return repr(error)
        else:
            return ""
        finally:
            if client is not None:
                _close_quietly(client)


def load_ipc_client() -> Callable[[], IpcClient]:
    """Return what opens a connection to the nucleus; imports the SDK only now.

    Raises
    ------
    ConfigError
        When it is missing.
    """
    try:
        module = import_module("awsiot.greengrasscoreipc.clientv2")
    except ImportError:
        raise ConfigError(
            "sinks: greengrass needs the package awsiotsdk: pip install awsiotsdk"
        ) from None
    client: Callable[[], IpcClient] = module.GreengrassCoreIPCClientV2
    return client


def _close_quietly(client: IpcClient) -> None:
    try:
        client.close()
    except Exception as error:  # noqa: BLE001 - it is broken already
        _log.debug("greengrass connection not closed", extra={"error": repr(error)})
