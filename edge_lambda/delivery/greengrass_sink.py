"""Events to AWS IoT Core by way of AWS IoT Greengrass v2 on the same machine.

https://docs.aws.amazon.com/greengrass/v2/developerguide/ipc-iot-core-mqtt.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from typing import Protocol

from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.outbox_sender import OutboxSender
from edge_lambda.errors import ConfigError, OutboxError
from smile_contract import events_topic

_log = logging.getLogger(__name__)
_BATCH = 20
_AT_LEAST_ONCE = "1"


class IpcClient(Protocol):
    """What of ``GreengrassCoreIPCClientV2`` is used here."""

    def publish_to_iot_core(self, *, topic_name: str, qos: str, payload: bytes) -> object:
        """Hand a message to the nucleus, which keeps it until AWS IoT Core has it."""

    def close(self) -> object:
        """Disconnect."""


class GreengrassSink(OutboxSender):
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

    def __init__(
        self,
        outbox: Outbox,
        topic_prefix: str = "",
        connect: Callable[[], Callable[[], IpcClient]] | None = None,
    ) -> None:
        super().__init__(outbox, "greengrass", "greengrass")
        self._topic_prefix = topic_prefix
        self._open = (connect or load_ipc_client)()
        self._start()

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
                    self._wait_for_news()
        except OutboxError:
            raise
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
