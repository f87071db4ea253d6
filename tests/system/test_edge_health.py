"""The real command says how it is: heartbeats, last will, systemd."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from smile_contract import Heartbeat, schema
from tests.helpers.mosquitto import needs_mosquitto
from tests.helpers.video import CLIP
from tests.helpers.waiting import LOOPBACK, free_port, wait_until
from tests.system.test_edge_mqtt import broker_on

pytestmark = pytest.mark.system

BROKERS = [pytest.param("mosquitto", marks=needs_mosquitto), "amqtt"]


@contextmanager
def health_of(port: int) -> Iterator[list[dict[str, Any]]]:
    """Collect the status messages of all devices, and whether each was retained."""
    received: list[dict[str, Any]] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe("smile/+/status", qos=1)

    def receive(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        fields = json.loads(message.payload)
        jsonschema.validate(fields, schema("heartbeat"))
        assert message.topic == f"smile/{Heartbeat.from_dict(fields).device_id}/status"
        received.append(fields | {"is_retained": message.retain})

    client.on_message = receive
    client.connect(LOOPBACK, port)
    client.loop_start()
    try:
        yield received
    finally:
        client.disconnect()
        client.loop_stop()


def start(*more: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "edge_lambda", "--source", str(CLIP), "--realtime"]
    return subprocess.Popen(
        [*command, "--device-id", "cam-1", *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment,
    )  # fmt: skip


@pytest.mark.parametrize("kind", BROKERS)
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL])
def test_everybody_knows_how_the_device_is(tmp_path: Path, kind: str, stop: signal.Signals) -> None:
    port = free_port()
    arguments = ["--sink", "mqtt", "--mqtt-url", f"mqtt://{LOOPBACK}:{port}"]
    arguments += ["--outbox", str(tmp_path / "o.sqlite")]
    with broker_on(kind, port, tmp_path), health_of(port) as received:
        process = start(*arguments)
        wait_until(lambda: received, 30)
        online = received[0]
        assert (online["status"], online["device_id"]) == ("online", "cam-1")
        assert online["frame_rate"] > 10 and online["latency_p95_ms"] < 1000
        assert (online["camera"], online["outbox_events"]) == ("ok", 0)
        assert 0 < online["cpu_share"] < 3 and 30 < online["memory_mb"] < 1000
        process.send_signal(stop)
        process.communicate(timeout=20)
        wait_until(lambda: received[-1]["status"] == "offline", 30)
        if stop is signal.SIGTERM:
            assert received[-1]["next_seq"] >= online["next_seq"]
            assert received[-1]["uptime_ms"] > online["uptime_ms"]
        else:  # the last will was made when the device connected
            assert received[-1]["sent_at"] < online["sent_at"]
        with health_of(port) as late:
            wait_until(lambda: late)
            assert (late[0]["status"], late[0]["is_retained"]) == ("offline", True)


def test_systemd_hears_that_the_device_is_ready_lives_and_stops(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(30)
        process = start(NOTIFY_SOCKET=str(path), WATCHDOG_USEC="4000000")
        messages = [listening.recv(200).decode() for _ in range(5)]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        while messages[-1] != "STOPPING=1":
            messages.append(listening.recv(200).decode())
    assert messages[0] == "READY=1"
    assert messages.count("WATCHDOG=1") >= 3
    assert process.returncode == 0
