"""A camera through its day on one machine: online, smiling, blind, offline, back, erased."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.publish
import pytest

from smile_contract import format_time, status_topic
from tests.helpers.local_command import Served
from tests.helpers.mosquitto import needs_mosquitto
from tests.helpers.video import CLIP
from tests.helpers.waiting import LOOPBACK, wait_until
from tests.helpers.wire_samples import HEARTBEAT

pytestmark = [
    pytest.mark.system,
    pytest.mark.long,
    pytest.mark.xdist_group("local-command"),
    needs_mosquitto,
]

DEVICE = "/v1/devices/cam-1"
GRACE_S = 3
ERASED_S = 150.0  # a job waits for the functions that may still write, 75 seconds


class Day(Served):
    """The shipped template with a check of the cameras each second; collects its alerts."""

    def __init__(self) -> None:
        graces = ("DeviceGraceSeconds", "BlindGraceSeconds")
        parameters = [one for name in graces for one in ("--parameter", f"{name}={GRACE_S}")]
        super().__init__("mosquitto", "--schedule-s", "1", *parameters)
        self.alerts: list[str] = []
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("✉"):
                self.alerts.append(line)

    def state(self) -> str | None:
        status, device = self.get(DEVICE)
        return device["state"] if status == 200 else None

    def alerted(self, text: str) -> int:
        return sum(text in alert for alert in self.alerts)

    def send(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"x-api-key": "admin_key", "Content-Type": "application/json"}
        return self.ask(method, path, json.dumps(body).encode() if body else None, headers)

    def text(self, path: str, accept: str) -> str:
        connection = http.client.HTTPConnection(LOOPBACK, self.api_port, timeout=30)
        connection.request("GET", path, headers={"x-api-key": "read_key", "Accept": accept})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        assert response.status == 200, text
        return text

    def cover_lens(self) -> None:
        """Send the heartbeat of a camera whose lens is covered, on a connection of its own."""
        now = format_time(datetime.now(UTC))
        beat = HEARTBEAT | {"sent_at": now, "connected_at": now, "camera": "covered"}
        topic = status_topic("cam-1")
        paho.mqtt.publish.single(topic, json.dumps(beat), qos=1, port=self.mqtt_port)


@pytest.fixture
def day() -> Iterator[Day]:
    command = Day()
    try:
        yield command
    finally:
        command.end()


def start_camera(day: Day, outbox: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "edge_lambda", "--source", str(CLIP), "--realtime"),
            *("--device-id", "cam-1", "--sink", "mqtt", "--outbox", str(outbox)),
            *("--mqtt-url", f"mqtt://{LOOPBACK}:{day.mqtt_port}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ,
    )


def test_a_camera_through_its_day(day: Day, tmp_path: Path) -> None:
    assert day.state() is None
    camera = start_camera(day, tmp_path / "outbox.sqlite")
    try:
        wait_until(lambda: day.state() == "online", 30)
        events_path = "/v1/events?device=cam-1&in_progress=false"
        wait_until(lambda: len(day.get(events_path)[1]["events"]) >= 2, 40)
        assert day.alerted("Smile on cam-1") >= 1

        # --- stops, covers its lens, comes back ---
        camera.kill()
        wait_until(lambda: day.state() == "offline", 30)
        wait_until(lambda: day.alerted("cam-1 has been offline") == 1, 30)
        day.cover_lens()
        wait_until(lambda: day.state() == "blind", 30)
        wait_until(lambda: day.alerted("cam-1 has seen") == 1, 30)
        camera = start_camera(day, tmp_path / "outbox.sqlite")
        wait_until(lambda: day.state() == "online", 30)
        wait_until(lambda: day.alerted("cam-1 is back") >= 1, 30)
        camera.terminate()  # ends its smiles, delivers them, says that it stops
        assert camera.wait(30) == 0
    finally:
        camera.kill()
        camera.wait()

    # --- its data: numbers without gaps, exported, counted ---
    sequence = day.get(DEVICE)[1]["sequence"]
    assert sequence["received_events"] == sequence["last_seq"] + 1
    assert sequence["missing_events"] == 0
    listed = day.get("/v1/events?device=cam-1&limit=100")[1]["events"]
    lines = day.text("/v1/events?device=cam-1", "application/x-ndjson").splitlines()
    assert [json.loads(line) for line in lines] == listed
    rows = day.text("/v1/events?device=cam-1", "text/csv").splitlines()
    assert len(rows) == 1 + len(listed)

    # --- feedback, and what other thresholds would have reported ---
    for event, verdict in zip(listed, ("smile", "not_smile"), strict=False):
        path = f"{DEVICE}/events/{event['event_id']}/feedback"
        assert day.send("PUT", path, {"verdict": verdict, "by": "Kim"})[0] == 200
    replay = day.get(f"{DEVICE}/thresholds?on=0.99&off=0.98")[1]
    assert replay["events"]["replayed"] + replay["events"]["skipped"] == len(listed)
    assert replay["events"]["vanishes"] >= 1
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    stats_path = f"/v1/stats?device=cam-1&from={today}T00:00:00Z&per=day"
    status, stats = day.get(stats_path)
    assert status == 200, stats
    assert stats["total"]["events"] == len(listed)

    # --- erased: nothing is left ---
    status, job = day.send("DELETE", DEVICE)
    assert status == 202, job
    job_path = f"{DEVICE}/erasures/{job['job_id']}"
    wait_until(lambda: day.get(job_path)[1]["state"] == "done", ERASED_S)
    assert day.get(job_path)[1]["deleted"]["events"] == len(listed)
    assert day.get("/v1/events?device=cam-1")[1]["events"] == []
    assert day.get(DEVICE)[0] == 404
    assert day.get(stats_path)[1]["total"]["events"] == 0
