"""``python -m local`` as people run it: the shipped template, a clip, Ctrl-C, failures."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.iot.broker import find_mosquitto
from smile_vision.cli import main as smile_vision_main
from tests.helpers.local_command import MESSAGES, REPOSITORY, Command, Served, recent_event
from tests.helpers.synthetic_photos import synthetic_photo
from tests.helpers.waiting import free_port, wait_gone, wait_until

CLIP = REPOSITORY / "local" / "clip" / "smiles.mp4"
STOP_S = 2.0

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("local-command")]


BROKERS = [
    pytest.param(
        "mosquitto",
        marks=pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
    ),
    "amqtt",
]


@pytest.fixture(scope="module", params=BROKERS)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    command = Served(request.param)
    try:
        yield command
    finally:
        command.end()


def test_photo_gets_the_answer_of_the_command_when_it_is_posted(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "photo.jpg"
    synthetic_photo([(20, 30, 200, True), (300, 200, 180, False)]).save(path)
    assert smile_vision_main(["--json", str(path)]) == 0
    printed = json.loads(capsys.readouterr().out)
    headers = {"x-api-key": "admin_key", "Content-Type": "image/jpeg"}
    status, answer = served.ask("POST", "/v1/photos", path.read_bytes(), headers)
    assert status == 200
    assert answer["model"]["sha256"]
    assert {"path": str(path), **answer} == {**printed, "model": answer["model"]}
    status, answer = served.ask("PUT", "/v1/alert-settings", path.read_bytes(), headers)
    assert status == 415, "API Gateway passes photos in base64 to this path too"
    status, answer = served.ask("POST", "/v1/photos", b"x" * 5_000_000, headers)
    assert (status, answer["title"]) == (413, "Request Entity Too Large")


def test_event_is_answered_by_the_api_when_published(served: Served) -> None:
    event = recent_event("ended.json")
    served.publish(event)
    path = f"/v1/devices/cam-1/events/{event['event_id']}"
    wait_until(lambda: served.get(path)[0] == 200)
    stored = served.get(path)[1]
    assert {key: stored[key] for key in event} == event
    status, page = served.get("/v1/events?device=cam-1&limit=100")
    assert status == 200
    assert event["event_id"] in [one["event_id"] for one in page["events"]]
    assert served.get(path, key="admin_wrong")[0] == 403


def put_settings(served: Served, key: str) -> tuple[int, Any]:
    headers = {"x-api-key": key, "Content-Type": "application/json"}
    return served.ask("PUT", "/v1/alert-settings", b"{}", headers)


def test_a_key_allows_what_its_scope_includes(served: Served) -> None:
    assert served.get("/v1/alert-settings", key="read_key")[0] == 200
    status, problem = put_settings(served, "read_key")
    assert (status, problem["title"]) == (403, "Forbidden")
    assert put_settings(served, "feedback_key")[0] == 403
    for key in ("read_key", "feedback_key"):
        headers = {"x-api-key": key}
        assert served.ask("DELETE", "/v1/devices/cam-9", None, headers)[0] == 403
    assert put_settings(served, "admin_key")[0] == 200
    assert served.get("/v1/alert-settings", key="key")[0] == 401


def test_another_method_and_a_preflight_reach_the_function(served: Served) -> None:
    assert served.ask("POST", "/v1/events", None, {"x-api-key": "admin_key"})[0] == 405
    assert served.ask("OPTIONS", "/v1/events", None, {})[0] == 204


def test_every_event_is_stored_when_many_come_at_once(served: Served) -> None:
    events = [recent_event("ended.json") for _ in range(25)]
    for event in events:
        served.publish(event)
    for event in events:
        path = f"/v1/devices/cam-1/events/{event['event_id']}"
        wait_until(lambda path=path: served.get(path)[0] == 200, 60)  # type: ignore[misc]


# With one broker: a job waits 75 s before it deletes.
@pytest.mark.parametrize("served", ["amqtt"], indirect=True, scope="module")
def test_an_erased_smile_is_gone_and_does_not_come_back(served: Served) -> None:
    event = recent_event("ended.json") | {"device_id": "cam-2"}
    served.publish(event, "smile/cam-2/events")
    path = f"/v1/devices/cam-2/events/{event['event_id']}"
    wait_until(lambda: served.get(path)[0] == 200)
    key = {"x-api-key": "admin_key"}
    status, job = served.ask("DELETE", "/v1/devices/cam-2", None, key)
    assert (status, job["state"]) == (202, "accepted")
    erasure = f"/v1/devices/cam-2/erasures/{job['job_id']}"
    wait_until(lambda: served.get(erasure)[1]["state"] == "done", 150)  # it waits 75 s
    assert served.get(erasure)[1]["deleted"]["events"] == 1
    late, new = event | {"seq": event["seq"] + 1}, recent_event("ended.json")
    for one in (late, new | {"device_id": "cam-2"}):
        served.publish(one, "smile/cam-2/events")
    wait_until(lambda: served.get(f"/v1/devices/cam-2/events/{new['event_id']}")[0] == 200)
    assert served.get(path)[0] == 404
    status, page = served.get("/v1/events?device=cam-2")
    assert [one["event_id"] for one in page["events"]] == [new["event_id"]]


def test_alert_is_printed_when_a_smile_starts(served: Served) -> None:
    served.publish(recent_event("started.json"))
    served.wait_for("✉  Smile on cam-1")  # for this event, or for the one before if in its cooldown


@pytest.mark.parametrize("sample", sorted(MESSAGES.glob("bad_*.json")), ids=lambda p: p.stem)
def test_reason_is_printed_when_a_message_breaks_the_contract(served: Served, sample: Path) -> None:
    message = sample.read_bytes()
    if sample.stem == "bad_clock":  # its time is not wrong at every time
        message = message.replace(b'_at": "2', b'_at": "3')
    served.publish(message)
    served.wait_for("new in DeadLetterQueue")
    served.wait_for("!     .+")


def test_reason_is_printed_when_a_message_is_not_json(served: Served) -> None:
    served.publish(b"\xff")
    served.wait_for("new in DeadLetterQueue")
    served.wait_for("!     .*JSON")


def test_topic_is_printed_when_no_rule_matches_it(served: Served) -> None:
    served.publish(b"{}", "smile/cam-1/event")
    served.wait_for("!  no rule matches the topic smile/cam-1/event: its messages go nowhere")


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -9)]
)
def test_no_process_is_left_two_seconds_after_signal(number: signal.Signals, status: int) -> None:
    command = Served("auto")
    children = command.children()
    assert len(children) >= 5, "AWS, broker and three functions"
    command.process.send_signal(number)
    assert command.process.wait(STOP_S) == status
    assert wait_gone(children, STOP_S) == []
    assert command.errors() == ""


def test_ctrl_c_during_the_clip_prints_the_summary() -> None:
    command = Command("--port", str(free_port()))
    command.wait_for("ready after")
    if not any("smile started" in line for line in command.lines):
        command.wait_for("smile started")
    children = command.children()
    command.process.send_signal(signal.SIGINT)
    counts = command.wait_for(r"events from the edge +(\d+)")
    stored = command.wait_for(r"stored as sent +(\d+)")
    assert int(counts[1]) >= 1
    assert stored[1] == counts[1]
    command.wait_for("frames watched")
    assert command.process.wait(20) == 0
    assert wait_gone(children, STOP_S) == []
    assert command.errors() == ""


def test_no_process_is_left_when_interrupted_while_it_starts() -> None:
    command = Command("--no-edge")
    time.sleep(1.2)
    children = command.children()
    command.process.send_signal(signal.SIGINT)
    # on a busy machine the signal may arrive before the command handles it
    assert command.process.wait(STOP_S) in (0, -signal.SIGINT)
    assert wait_gone(children, STOP_S) == []
    assert command.errors() == ""


def test_no_process_is_left_when_the_reader_of_the_output_has_gone() -> None:
    command = Command("--port", str(free_port()))
    command.wait_for("ready after")
    children = command.children()
    assert command.process.stdout is not None
    command.process.stdout.close()
    assert command.process.wait(20) == 0, "ended by the first event that it could not print"
    assert wait_gone(children, STOP_S) == []


def failure(*flags: str, environment: dict[str, str] | None = None) -> str:
    """Run a command that cannot start and return its error message, which is one line."""
    done = subprocess.run(
        [sys.executable, "-m", "local", *flags],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    assert done.returncode == 2, done
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("local: ")
    return done.stderr


@pytest.mark.parametrize("flag", ["--port", "--mqtt-port", "--aws-port"])
def test_port_is_named_when_it_is_in_use(flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} is in use" in failure("--no-edge", flag, str(port))


def test_source_is_named_when_it_is_not_a_video(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("not a video", "utf-8")
    assert "notes.mp4" in failure("--source", str(path))


def warning(source: str) -> str:
    """Return the line about a camera that is away; the device tries it again."""
    command = Command("--source", source)
    try:
        return command.wait_for("!  edge: camera lost: .*")[0]
    finally:
        command.end()


def test_source_is_named_when_there_is_no_camera() -> None:
    assert "/dev/video97" in warning("97")


def test_source_is_named_when_no_stream_answers() -> None:
    port = free_port()
    assert f"127.0.0.1:{port}" in warning(f"rtsp://127.0.0.1:{port}/smile")


def test_place_is_named_when_the_template_cannot_run(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref X}}}")
    assert "Resources.Q.Properties.QueueName" in failure("--no-edge", "--template", str(path))


def test_function_is_named_when_it_cannot_be_imported(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("import nothing_of_that_name", "utf-8")
    (tmp_path / "template.yaml").write_text(
        "Resources: {Broken: {Type: AWS::Serverless::Function, Properties: "
        "{Runtime: python3.13, Handler: app.handler, CodeUri: code}}}",
        "utf-8",
    )
    said = failure("--no-edge", "--template", str(tmp_path / "template.yaml"))
    assert "Broken cannot start" in said
    assert "nothing_of_that_name" in said


def test_table_on_aws_itself_is_refused() -> None:
    url = "https://dynamodb.us-east-1.amazonaws.com"
    assert "AWS itself" in failure("--no-edge", environment={"AWS_ENDPOINT_URL_DYNAMODB": url})


def test_every_smile_of_the_clip_is_stored_and_alerts_are_delivered() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local", "--once", "--port", str(free_port())],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    truth = json.loads(CLIP.with_suffix(".json").read_text("utf-8"))
    count = len(truth["episodes"])
    assert f"smiles in the clip         {count}, found {count}, false alarms 0" in done.stdout
    assert "more than half a second off" not in done.stdout
    delivered = re.search(r"alerts delivered +(\d+)", done.stdout)
    assert delivered is not None
    assert int(delivered[1]) >= 1
