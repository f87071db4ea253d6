"""A camera that is killed, one that is covered, and their returns: one alert each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.publish
import paho.mqtt.subscribe
import pytest

from smile_contract import format_time, status_topic
from tests.helpers.local_command import Command
from tests.helpers.mosquitto import needs_mosquitto
from tests.helpers.video import CLIP
from tests.helpers.waiting import LOOPBACK, wait_until
from tests.helpers.wire_samples import HEARTBEAT

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("local-command"), needs_mosquitto]

GRACE_S = 2
QUIET_S = 6.0  # in which several checks find nothing new


class Watched(Command):
    """The shipped template with a check each second; collects its alerts about cameras."""

    def __init__(self) -> None:
        graces = ("DeviceGraceSeconds", "BlindGraceSeconds")
        parameters = [one for name in graces for one in ("--parameter", f"{name}={GRACE_S}")]
        super().__init__(*("--no-edge", "--broker", "mosquitto", "--schedule-s", "1", *parameters))
        self.mqtt_port = int(self.wait_for(r"mosquitto on 127\.0\.0\.1:(\d+)")[1])
        self.alerts: list[str] = []
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("✉") and "Smile on" not in line:
                self.alerts.append(" ".join(line.split()[1:4]))

    def beat(self, device_id: str, **more: object) -> None:
        """Send a heartbeat of a device."""
        sent_at = format_time(datetime.now(UTC))
        fields = HEARTBEAT | {"device_id": device_id, "sent_at": sent_at, "uptime_ms": 10**7}
        topic = status_topic(device_id)
        paho.mqtt.publish.single(topic, json.dumps(fields | more), qos=1, port=self.mqtt_port)


@pytest.fixture
def watched() -> Iterator[Watched]:
    command = Watched()
    try:
        yield command
    finally:
        command.end()


def start_camera(port: int, outbox: Path) -> subprocess.Popen[bytes]:
    """Start a camera; return its process after its first heartbeat."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "edge_lambda", "--source", str(CLIP), "--realtime"),
            *("--device-id", "cam-1", "--sink", "mqtt", "--outbox", str(outbox)),
            *("--mqtt-url", f"mqtt://{LOOPBACK}:{port}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ,
    )
    while True:
        message: Any = paho.mqtt.subscribe.simple(  # type: ignore[no-untyped-call]
            status_topic("cam-1"), port=port
        )
        if json.loads(message.payload)["status"] == "online":
            return process


def test_a_killed_and_a_covered_camera_are_reported_once_each_and_once_when_back(
    watched: Watched, tmp_path: Path
) -> None:
    processes = [start_camera(watched.mqtt_port, tmp_path / "outbox.sqlite")]
    try:
        watched.beat("cam-2", camera="ok")
        watched.beat("cam-2", camera="covered")
        processes[0].send_signal(signal.SIGKILL)
        first = {"cam-1 has been", "cam-2 has seen"}
        wait_until(lambda: first <= set(watched.alerts), 60)
        threading.Event().wait(QUIET_S)
        assert sorted(watched.alerts) == sorted(first)
        processes.append(start_camera(watched.mqtt_port, tmp_path / "outbox.sqlite"))
        watched.beat("cam-2", camera="ok")
        back = {"cam-1 is back", "cam-2 is back"}
        wait_until(lambda: back <= set(watched.alerts), 60)
        threading.Event().wait(QUIET_S)
        assert sorted(watched.alerts) == sorted(first | back)
    finally:
        for process in processes:
            process.kill()
            process.wait()
