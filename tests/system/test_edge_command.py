"""The command ``python -m edge_lambda`` on videos and streams: its output and its exit."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from smile_contract import SmileEvent
from tests.helpers.events import read_events
from tests.helpers.video import CLIP, first_seconds, still_video
from tests.helpers.waiting import LOOPBACK, wait_until

pytestmark = pytest.mark.system

START = datetime(2026, 1, 1, tzinfo=UTC)
TOLERANCE = timedelta(milliseconds=500)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "edge_lambda", "--device-id", "cam-1", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 12 s of the bundled clip, with a smile that ends and one that does not."""
    return first_seconds(tmp_path_factory.mktemp("clip") / "short.mp4", 12)


def events_of(output: str) -> list[SmileEvent]:
    return [
        event
        for line in output.splitlines()
        for event in read_events(json.loads(line), device_id="cam-1")
    ]


def expected_smiles() -> list[tuple[datetime, datetime]]:
    episodes = json.loads(CLIP.with_suffix(".json").read_text())["episodes"]
    times = [(episode["start_ms"], episode["end_ms"]) for episode in episodes]
    return [
        (START + timedelta(milliseconds=start), START + timedelta(milliseconds=end))
        for start, end in times
    ]


@pytest.mark.parametrize("more", [(), ("--cpu-ms-per-s", "100")])
def test_smiles_are_those_of_the_ground_truth(more: tuple[str, ...]) -> None:
    result = run("--source", str(CLIP), "--start-time", "2026-01-01T00:00:00Z", *more)
    assert result.returncode == 0, result.stderr
    events = events_of(result.stdout)
    ended = [event for event in events if event.phase == "ended"]
    found = sorted((event.started_at, event.ended_at) for event in ended)
    expected = sorted(expected_smiles())
    assert len(found) == len(expected), found
    unmatched = list(found)
    for start, end in expected:
        near = [
            one
            for one in unmatched
            if abs(one[0] - start) <= TOLERANCE and abs(one[1] - end) <= TOLERANCE
        ]
        assert near, f"{start} to {end} is not among {unmatched}"
        unmatched.remove(near[0])
    started = [event.event_id for event in events if event.phase == "started"]
    assert sorted(started) == sorted(event.event_id for event in ended)


def test_logs_are_json_lines_with_the_progress(short_clip: Path) -> None:
    result = run("--source", str(short_clip), "--progress")
    logs: list[dict[str, Any]] = [json.loads(line) for line in result.stderr.splitlines()]
    progress = [log for log in logs if log["message"] == "progress"]
    assert progress
    assert {"position_ms", "duration_ms", "frames", "frame_rate", "faces"} <= progress[0].keys()
    assert logs[-1]["message"] == "finished"
    assert logs[-1]["events"] == len(result.stdout.splitlines())
    assert logs[-1]["skipped_frames"] == logs[-1]["undelivered"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_open_smiles_are_ended_when_the_command_is_stopped(number: signal.Signals) -> None:
    process = subprocess.Popen(
        command("--source", str(CLIP), "--realtime"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(number)
    begun = time.monotonic()
    output, log = process.communicate(timeout=20)
    assert time.monotonic() - begun < 2
    assert process.returncode == 0, log
    events = events_of(first + output)
    assert [event.phase for event in events] == ["started", "ended"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--source", "nowhere.mp4"], "no such file: nowhere.mp4"),
        (["--source", __file__], "is not a readable video"),
        (["--source", "rtsp://me:s3cret/2@127.0.0.1:1/x"], "write / as %2F"),
        (["--source", "rtsp:/me:s3cret@127.0.0.1:1/x"], "expected rtsp://, got rtsp:/"),
        (["--source", "rtps://me:s3cret@127.0.0.1:1/x"], "unknown scheme 'rtps'"),
        (["--source", str(CLIP), "--threshold-on", "0.99999"], "can never be reached"),
        (["--source", str(CLIP), "--device-id", "a/b"], "device_id: expected"),
        (["--source", str(CLIP), "--sink", "pigeon"], "sinks.0: expected 'stdout', 'mqtt' or"),
        (["--source", str(CLIP), "--start-time", "yesterday"], "camera.start_time"),
        (["--source", str(CLIP), "--sink", "mqtt", "--mqtt-url", "x"], "mqtt.url: expected"),
        (["--nonsense"], "--nonsense"),
        ([], "source: expected"),
    ],
)
def test_one_line_says_what_is_wrong(arguments: list[str], problem: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    lines = [line for line in result.stderr.splitlines() if not line.startswith('{"time')]
    assert len(lines) == 1
    assert problem in lines[0]
    assert "Traceback" not in result.stderr
    assert "s3cret" not in result.stderr
    assert result.stdout == ""


def test_command_ends_with_one_line_when_the_reader_of_its_output_exits() -> None:
    process = subprocess.Popen(
        command("--source", str(CLIP)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    log = process.stderr.read()
    assert process.wait(timeout=60) == 2
    assert "stdout: cannot be written" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("closed", "code", "problem"),
    [("1", 2, "stdout: cannot be written: it is closed"), ("2", 0, ""), ("1 2", 2, "")],
)
def test_command_works_when_standard_streams_are_closed(
    tmp_path: Path, closed: str, code: int, problem: str
) -> None:
    source = still_video(tmp_path / "still.mp4")
    shell = "".join(f"exec {number}>&-; " for number in closed.split()) + 'exec "$@"'
    result = subprocess.run(
        ["/bin/sh", "-c", shell, "sh", *command("--source", str(source))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == code
    assert "Traceback" not in result.stderr
    assert problem in result.stderr
    assert result.stdout == ""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux")
@pytest.mark.parametrize("library", ["pydantic_core", "numpy"])
def test_command_ends_without_a_traceback_when_it_is_stopped_while_it_starts(library: str) -> None:
    process = subprocess.Popen(
        command("--source", str(CLIP)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    maps = Path(f"/proc/{process.pid}/maps")
    wait_until(lambda: library in maps.read_text())
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=20)
    assert process.returncode in {0, -signal.SIGINT}
    assert "Traceback" not in log


def test_camera_is_not_opened_when_the_outbox_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with socket.create_server((LOOPBACK, 0)) as server:
        source = f"tcp://{LOOPBACK}:{server.getsockname()[1]}"
        result = run("--source", source, "--outbox", str(tmp_path / "file" / "o.sqlite"))
        server.settimeout(0.2)
        assert result.returncode == 2
        assert "outbox: " in result.stderr
        with pytest.raises(TimeoutError):
            server.accept()


def test_stream_is_reopened_when_it_is_lost(tmp_path: Path) -> None:
    content = still_video(tmp_path / "still.ts").read_bytes()
    connections: list[int] = []
    server = socket.create_server((LOOPBACK, 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            connections.append(1)
            with connection:
                connection.sendall(content)

    threading.Thread(target=serve, daemon=True).start()
    process = subprocess.Popen(
        command("--source", f"tcp://{LOOPBACK}:{server.getsockname()[1]}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: len(connections) >= 3)
    process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    _, log = process.communicate(timeout=20)
    server.close()
    assert time.monotonic() - begun < 2
    assert process.returncode == 0, log
    *lines, explanation, finished = log.splitlines()
    assert explanation == "edge_lambda: no smile events: no face was seen"
    assert json.loads(finished)["explanation"] == "no face was seen"
    messages = [json.loads(line)["message"] for line in lines]
    assert messages.count("camera lost") >= 2
    assert "camera back" in messages


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("98", "source: no camera at /dev/video98"),
        (
            "rtsp://me:s3cret@127.0.0.1:1/x",
            "source: cannot open rtsp://127.0.0.1:1/x: connection refused",
        ),
    ],
)
def test_camera_that_is_away_at_the_start_is_tried_again(source: str, reason: str) -> None:
    process = subprocess.Popen(
        command("--source", source), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    records: list[dict[str, Any]] = []
    while [one["message"] for one in records].count("camera lost") < 3:
        records.append(json.loads(process.stderr.readline()))
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    lost = [one for one in records if one["message"] == "camera lost"]
    assert {one["reason"] for one in lost} == {reason}
    assert "s3cret" not in str(records) + log


def test_stop_is_quick_when_the_camera_does_not_respond() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        address = f"rtsp://{LOOPBACK}:{server.getsockname()[1]}/x"
        process = subprocess.Popen(
            command("--source", address), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        connection, _ = server.accept()
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        process.communicate(timeout=20)
        assert time.monotonic() - begun < 2
        assert process.returncode == 0
        connection.close()
