"""The state of a device, from its broker to the REST API, with the template of the product."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from local.iot.broker import find_mosquitto
from local.run.options import Options
from local.run.stack import Stack, StackEvents
from smile_contract import events_topic, format_time, status_topic
from tests.helpers.events import smile_event
from tests.helpers.rule_events import sample
from tests.helpers.video import repeated_clip
from tests.helpers.waiting import LOOPBACK, wait_until
from tests.helpers.wire_samples import HEARTBEAT

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
    pytest.mark.xdist_group("local-devices"),
]
DEVICE = "cam-1"


class Run:
    """The stack, a client that publishes for devices, and a client of the API."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="publisher")
        self._client.connect(LOOPBACK, stack.mqtt_port)
        self._client.loop_start()

    def publish(self, topic: str, message: Any) -> None:
        self._client.publish(topic, json.dumps(message), qos=1).wait_for_publish(10)

    def get(self, path: str) -> Any:
        return self.ask("GET", path)[1]

    def ask(
        self, method: str, path: str, body: Any = None, key: str = "read_key"
    ) -> tuple[int, Any]:
        """Return status and document of an answer."""
        connection = http.client.HTTPConnection(LOOPBACK, self.stack.api_port, timeout=30)
        headers = {"x-api-key": key, "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        document = json.loads(answer.read())
        connection.close()
        return answer.status, document

    def states(self) -> dict[str, str]:
        """Return the state of each listed device."""
        return {one["device_id"]: one["state"] for one in self.get("/v1/devices")["devices"]}

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    ignore = lambda _: None  # noqa: E731
    options = Options(no_edge=True, api_key="key", broker="mosquitto", retry_delay_s=0)
    folder = tmp_path_factory.mktemp("stack")
    stack = Stack(options, folder, StackEvents(ignore, ignore, ignore), {})
    try:
        stack.start_messaging()
        stack.start_functions()
        started = Run(stack)
        yield started
        started.close()
    finally:
        stack.stop()


def status_message(status: str, connected_at: str, **more: Any) -> dict[str, Any]:
    """Return a heartbeat or a last will of now."""
    sent_at = connected_at if status == "offline" else format_time(datetime.now(UTC))
    fields = {"sent_at": sent_at, "status": status, "connected_at": connected_at}
    return HEARTBEAT | fields | {"camera": "ok"} | more


def test_the_state_of_a_device_follows_its_heartbeats_and_its_last_will(run: Run) -> None:
    connected_at = format_time(datetime.now(UTC))
    device = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=DEVICE)
    will = json.dumps(status_message("offline", connected_at))
    device.will_set(status_topic(DEVICE), will, qos=1, retain=True)
    device.connect(LOOPBACK, run.stack.mqtt_port)
    device.loop_start()
    beat = json.dumps(status_message("online", connected_at))
    device.publish(status_topic(DEVICE), beat, qos=1, retain=True).wait_for_publish(10)
    wait_until(lambda: run.states() == {DEVICE: "online"})
    assert run.get(f"/v1/devices/{DEVICE}")["heartbeat"]["connected_at"] == connected_at
    cut = device.socket()
    assert cut is not None
    device.loop_stop()
    cut.shutdown(socket.SHUT_RDWR)  # without a DISCONNECT
    wait_until(lambda: run.states() == {DEVICE: "offline"})
    assert run.get("/v1/devices?state=online")["devices"] == []
    again = status_message("online", format_time(datetime.now(UTC)), paused=True)
    run.publish(status_topic(DEVICE), again)
    wait_until(lambda: run.states() == {DEVICE: "paused"})


def test_a_gap_in_the_numbers_of_a_device_shows(run: Run) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    run.publish(
        status_topic("cam-2"), status_message("online", format_time(now)) | {"device_id": "cam-2"}
    )
    for seq in (1, 2, 5):
        event = smile_event(seq=seq, started_at=now, device_id="cam-2", track_id=seq)
        run.publish(events_topic("cam-2"), event.to_dict())

    def sequence() -> dict[str, Any]:
        found: dict[str, Any] = run.get("/v1/devices/cam-2").get("sequence") or {}
        return found

    wait_until(lambda: sequence().get("received_events") == 3)
    assert sequence()["missing_ranges"] == [[3, 4]]


def test_presence_makes_a_device_offline_and_other_clients_are_not_listed(run: Run) -> None:
    now = datetime.now(UTC)
    beat = status_message("online", format_time(now)) | {"device_id": "cam-3"}
    run.publish(status_topic("cam-3"), beat)
    wait_until(lambda: run.states().get("cam-3") == "online")
    gone = sample("presence/disconnected") | {"timestamp": round(now.timestamp() * 1000)}
    for client in ("cam-3", "laptop"):
        run.publish(f"$aws/events/presence/disconnected/{client}", gone | {"clientId": client})
    wait_until(lambda: run.states().get("cam-3") == "offline")
    assert "laptop" not in run.states()
    assert run.get("/v1/devices/laptop")["status"] == 404


# --- settings ------------------------------------------------------------------------------------

SETTINGS = "/v1/devices/cam-real/settings"


@contextmanager
def camera(run: Run, folder: Path) -> Iterator[None]:
    """Run the program of a camera, which is paused, on a clip of two minutes."""
    program = subprocess.Popen(
        [
            sys.executable, "-m", "edge_lambda", "--device-id", "cam-real", "--paused",
            "--source", str(repeated_clip(folder / "clip.mp4", 4)), "--realtime",
            "--sink", "mqtt", "--mqtt-url", f"mqtt://{LOOPBACK}:{run.stack.mqtt_port}",
            "--outbox", str(folder / "outbox.sqlite"),
        ],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(20)


def wanted(run: Run, **changes: Any) -> dict[str, Any]:
    """Change settings as an administrator; return them once the camera has answered."""
    status, document = run.ask("PATCH", SETTINGS, changes, key="admin_key")
    assert status == 200, document
    wait_until(lambda: not run.get(SETTINGS)["waiting"])
    found: dict[str, Any] = run.get(SETTINGS)
    return found


def smiles_in_progress(run: Run) -> list[Any]:
    found: list[Any] = run.get("/v1/events?device=cam-real&in_progress=true")["events"]
    return found


def test_a_camera_pauses_and_goes_on_with_other_thresholds_when_the_api_says_so(
    run: Run, tmp_path: Path
) -> None:
    assert run.ask("PATCH", SETTINGS, {"paused": True}, key="admin_key")[0] == 404, "not known yet"
    with camera(run, tmp_path):
        wait_until(lambda: run.states().get("cam-real") == "paused", 60)
        for key in ("read_key", "feedback_key"):
            assert run.ask("PATCH", SETTINGS, {"paused": False}, key=key)[0] == 403
        document = wanted(run, paused=False, smile={"threshold_on": 0.61, "threshold_off": 0.37})
        assert (document["is_applied"], document["reported"]["paused"]) == (True, False)
        wait_until(lambda: smiles_in_progress(run), 60)
        model = smiles_in_progress(run)[0]["model"]
        assert (model["threshold_on"], model["threshold_off"]) == (0.61, 0.37)
        assert wanted(run, paused=True)["reported"]["paused"] is True
        wait_until(lambda: not smiles_in_progress(run))
        document = wanted(run, smile={"threshold_on": 0.9999999})
        assert (document["is_applied"], document["rejected"][0]["field"]) == (
            False,
            "smile.threshold_on",
        )
        assert document["reported"]["smile"]["threshold_on"] == 0.61
