"""The device as a process: settings change while it runs, over a real broker."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.iot.shadow_service import ShadowService
from tests.helpers.mosquitto import needs_mosquitto, running_mosquitto
from tests.helpers.waiting import LOOPBACK, free_port, wait_until

pytestmark = [pytest.mark.system, needs_mosquitto]
CLIP = Path(__file__).parents[2] / "local" / "clip" / "smiles.mp4"
TOPIC = "$aws/things/cam-1/shadow/name/settings"


class Device:
    """A running device and its log records."""

    def __init__(self, port: int, folder: Path) -> None:
        self._log = folder / "log.txt"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "edge_lambda", "--source", str(CLIP), "--realtime",
                    "--device-id", "cam-1", "--sink", "mqtt", "--outbox", str(folder / "o.sqlite"),
                    "--mqtt-url", f"mqtt://{LOOPBACK}:{port}",
                ],
                stderr=log,
            )  # fmt: skip

    def records(self, message: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self._log.read_text().splitlines() if line[:1] == "{"]
        return [line for line in lines if line["message"] == message]

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(10) in {0, 3}


@contextmanager
def running(port: int, folder: Path) -> Iterator[Device]:
    device = Device(port, folder)
    try:
        wait_until(lambda: device.records("started"), 20)
        yield device
    finally:
        device.stop()


@contextmanager
def shadows(port: int) -> Iterator[ShadowService]:
    service = ShadowService(print)
    service.start(port)
    try:
        yield service
    finally:
        service.stop()


def shadow_state(service: ShadowService) -> dict[str, Any]:
    ((_, answer),) = service.handle(f"{TOPIC}/get", b"").items()
    state: dict[str, Any] = answer.get("state", {})
    return state


def want(service: ShadowService, desired: dict[str, Any]) -> None:
    """Publish an update as an operator does."""
    payload = json.dumps({"state": {"desired": desired}})
    service.request(f"{TOPIC}/update", payload.encode())


def test_threshold_changes_while_the_device_runs_and_survives_an_offline_start(
    tmp_path: Path,
) -> None:
    with running_mosquitto("allow_anonymous true\n", tmp_path) as port, shadows(port) as service:
        with running(port, tmp_path) as device:
            wait_until(lambda: shadow_state(service).get("reported"))
            want(service, {"smile": {"threshold_on": 0.75}, "health": {"interval_s": 30}})
            wait_until(lambda: shadow_state(service)["reported"]["health"]["interval_s"] == 30)
            (changed,) = device.records("settings changed")
            assert changed["settings"] == {"smile.threshold_on": 0.75, "health.interval_s": 30}
            want(service, {"smile": {"threshold_off": 0.9}})
            wait_until(lambda: shadow_state(service)["reported"]["rejected"])
        reported = shadow_state(service)["reported"]
        assert reported["smile"]["threshold_on"] == 0.75
        assert reported["rejected"] == [
            {
                "field": "smile.threshold_off",
                "reason": "expected less than threshold_on (0.75), got 0.9",
                "value": 0.9,
            }
        ]
    with running(free_port(), tmp_path) as offline:  # nobody listens there
        (started,) = offline.records("started")
        assert (started["threshold_on"], started["threshold_off"]) == (0.75, 0.4)
