"""A client that notes what arrives at a broker."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.helpers.waiting import LOOPBACK, wait_until


class Subscriber:
    """What arrives at a topic.

    Attributes
    ----------
    messages : list of (str, bytes)
    arrivals : dict
        When each event arrived first, by device and `seq`, in monotonic seconds.
    events : dict
        Each event, by its id and phase.
    seqs : dict
        Id and phase of the event that has a number.
    retained : dict
        Retained messages by topic.
    expiries : list of int
        Message expiry of the messages that have one, in seconds.
    """

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.arrivals: dict[tuple[str, int], float] = {}
        self.events: dict[tuple[str, str], dict[str, Any]] = {}
        self.seqs: dict[int, tuple[str, str]] = {}
        self.retained: dict[str, bytes] = {}
        self.expiries: list[int] = []
        self.is_ready = False

    def receive(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self.messages.append((message.topic, message.payload))
        if message.retain:
            self.retained[message.topic] = message.payload
        expiry = getattr(message.properties, "MessageExpiryInterval", None)
        if expiry is not None:
            self.expiries.append(expiry)
        body = json.loads(message.payload)
        if message.topic.endswith("/events"):
            for event in body.get("events", [body]):
                self._note(event)

    def _note(self, event: dict[str, Any]) -> None:
        self.arrivals.setdefault((event["device_id"], event["seq"]), time.monotonic())
        key = event["event_id"], event["phase"]
        assert self.events.setdefault(key, event) == event
        assert self.seqs.setdefault(event["seq"], key) == key


@contextmanager
def subscriber(port: int, topic: str = "smile/#") -> Iterator[Subscriber]:
    seen = Subscriber()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_connect = lambda *_: client.subscribe(topic, qos=1)
    client.on_subscribe = lambda *_: setattr(seen, "is_ready", True)
    client.on_message = seen.receive
    client.connect(LOOPBACK, port)
    client.loop_start()
    wait_until(lambda: seen.is_ready)
    try:
        yield seen
    finally:
        client.disconnect()
        client.loop_stop()
