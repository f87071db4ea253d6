"""Events to AWS IoT Core through AWS IoT Greengrass v2 on the same machine.

https://docs.aws.amazon.com/greengrass/v2/developerguide/ipc-iot-core-mqtt.html
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Protocol

from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.outbox_sender import OutboxSender
from edge_lambda.errors import ConfigError, OutboxError

_BATCH = 20
_AT_LEAST_ONCE = "1"


class IpcClient(Protocol):
    """The part of ``GreengrassCoreIPCClientV2`` that is used here."""

    def publish_to_iot_core(self, *, topic_name: str, qos: str, payload: bytes) -> object:
        """Pass a message to the nucleus, which keeps it until AWS IoT Core has it."""

    def close(self) -> object:
        """Disconnect."""


class GreengrassSink(OutboxSender):
    """Send the outbox's events to the nucleus in a separate thread, oldest first.

    An event is deleted as soon as the nucleus has accepted it into its spooler. The nucleus
    expects one connection per process, so a broken one is closed before the next is opened.

    Parameters
    ----------
    outbox : Outbox
    topic_prefix : str
        Prepended to each topic, such as ``$aws/rules/<rule>/``.
    connect : callable
        Returns a connected client; None uses the AWS IoT Device SDK.

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
    ) -> None:
        super().__init__(outbox, "greengrass", topic_prefix)
        self._connect = connect or load_ipc_client()
        self._start()

    def _serve(self) -> str:
        client: IpcClient | None = None
        try:
            client = self._connect()
            while not self._is_closing.is_set():
                for record in self._outbox.after(0, _BATCH):
                    client.publish_to_iot_core(
                        topic_name=self._topic(record), qos=_AT_LEAST_ONCE, payload=record.payload
                    )
                    self._confirm([record.id])
                if not len(self._outbox):
                    self._wait_for_news()
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
