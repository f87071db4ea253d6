"""The client of the MQTT library, with all that is the same for every connection of a device."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_lambda.delivery.broker import Broker

# AWS IoT Core allows a client 100 unconfirmed messages; fewer keep resent ones closer to order.
MAX_IN_FLIGHT = 20
CONNECT_S = 5.0
_WILL_DELAY_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What is the same for every connection of a device.

    Attributes
    ----------
    id : str
        The device id; AWS IoT policies expect it.
    keepalive_s : int
    status_topic : str
        Topic of the last will and the status messages.
    make_will : callable or None
        Returns the last will when a connection is opened.
    """

    id: str
    keepalive_s: int
    status_topic: str
    make_will: Callable[[], bytes] | None = None


def make_client(
    broker: Broker, tls: ssl.SSLContext | None, client: Client, version: MQTTProtocolVersion
) -> paho.Client:
    """Return a client of the library that is not connected yet."""
    made = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client.id,
        protocol=version,
        reconnect_on_failure=False,
    )
    made.connect_timeout = CONNECT_S
    made.max_inflight_messages_set(MAX_IN_FLIGHT + 2)  # a status and a dialogue message
    if broker.username is not None:
        made.username_pw_set(broker.username, broker.password)
    if tls is not None:
        made.tls_set_context(tls)
    if client.make_will is not None:
        delay = properties_of(PacketTypes.WILLMESSAGE, WillDelayInterval=_WILL_DELAY_S)
        made.will_set(
            client.status_topic,
            client.make_will(),
            qos=1,
            retain=True,
            properties=delay if version is MQTTProtocolVersion.MQTTv5 else None,
        )
    return made


def properties_of(packet: int, **values: int) -> Properties:
    """Return the properties of a packet in MQTT 5."""
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(properties, name, value)
    return properties
