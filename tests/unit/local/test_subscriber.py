"""The connection of the local services to the broker."""

from __future__ import annotations

import socket
from pathlib import Path

import paho.mqtt.publish
import pytest

from local.errors import StartError
from local.iot import subscriber as module
from local.iot.subscriber import Subscriber
from local.network.ports import port_of
from tests.helpers.mosquitto import needs_mosquitto, running_mosquitto
from tests.helpers.waiting import wait_until


@needs_mosquitto
def test_next_message_is_handled_after_an_unexpected_error(tmp_path: Path) -> None:
    handled: list[str] = []
    problems: list[str] = []

    def handle(topic: str, payload: bytes) -> None:
        if payload == b"bad":
            raise RuntimeError("a bug")
        handled.append(topic)

    subscriber = Subscriber("the test", ["a/+"], handle, problems.append)
    with running_mosquitto("allow_anonymous true\n", tmp_path) as port:
        subscriber.start(port)
        messages = [("a/1", "bad", 1, False), ("b/1", "good", 1, False), ("a/2", "good", 1, False)]
        paho.mqtt.publish.multiple(messages, port=port)
        wait_until(lambda: handled == ["a/2"])
        subscriber.stop()
    assert problems == ["a/1: not handled: RuntimeError: a bug"]


def test_start_fails_when_the_broker_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SUBSCRIBE_TIMEOUT_S", 0.1)
    subscriber = Subscriber("the test", ["a/+"], print, print)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(StartError, match="did not confirm the subscription of the test"):
            subscriber.start(port_of(silent))
        subscriber.stop()
