"""The real command on real files: what it prints, and how it leaves."""

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

import av
import numpy as np
import pytest

from smile_contract import SmileEvent
from tests.helpers.events import read_events

pytestmark = pytest.mark.system

CLIP = Path(__file__).parents[2] / "local" / "clip" / "smiles.mp4"
SHORT_S = 12
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
    """Return the first twelve seconds of the clip, with a smile that ends and one that goes on."""
    path = tmp_path_factory.mktemp("clip") / "short.mp4"
    with av.open(str(CLIP)) as whole, av.open(str(path), "w") as part:
        stream = part.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.pts is None or packet.pts * packet.time_base > SHORT_S:
                continue
            packet.stream = stream
            part.mux(packet)
    return path


def still_video(path: Path) -> Path:
    """Write two seconds of a video without anybody in it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        grey = av.VideoFrame.from_ndarray(np.full((180, 320, 3), 90, np.uint8), format="rgb24")
        for index in range(50):
            grey.pts = index
            container.mux(stream.encode(grey))
        container.mux(stream.encode(None))
    return path


def events_of(output: str) -> list[SmileEvent]:
    return [
        event
        for line in output.splitlines()
        for event in read_events(json.loads(line), device_id="cam-1")
    ]


def truth() -> list[tuple[datetime, datetime]]:
    episodes = json.loads(CLIP.with_suffix(".json").read_text())["episodes"]
    times = [(episode["start_ms"], episode["end_ms"]) for episode in episodes]
    return [
        (START + timedelta(milliseconds=start), START + timedelta(milliseconds=end))
        for start, end in times
    ]


@pytest.mark.parametrize("more", [(), ("--detect-every", "3"), ("--detector", "back")])
def test_episodes_are_those_of_the_ground_truth(more: tuple[str, ...]) -> None:
    result = run("--source", str(CLIP), "--start-time", "2026-01-01T00:00:00Z", *more)
    assert result.returncode == 0, result.stderr
    events = events_of(result.stdout)
    ended = [event for event in events if event.phase == "ended"]
    found = sorted((event.started_at, event.ended_at) for event in ended)
    expected = sorted(truth())
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


def test_logs_are_json_and_tell_progress_when_asked(short_clip: Path) -> None:
    result = run("--source", str(short_clip), "--progress")
    logs: list[dict[str, Any]] = [json.loads(line) for line in result.stderr.splitlines()]
    progress = [log for log in logs if log["message"] == "progress"]
    assert progress
    assert {"position_ms", "duration_ms", "frames", "frame_rate", "faces"} <= progress[0].keys()
    assert logs[-1]["message"] == "finished"
    assert logs[-1]["events"] == len(result.stdout.splitlines())
    assert logs[-1]["skipped_frames"] == logs[-1]["undelivered"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_open_smiles_are_ended_when_stopped(number: signal.Signals) -> None:
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
        (["--source", __file__], "is no readable video"),
        (["--source", "98"], "no camera at /dev/video98"),
        (["--source", "rtsp://me:s3cret@127.0.0.1:1/x"], "cannot open rtsp://127.0.0.1:1/x"),
        (["--source", str(CLIP), "--threshold-on", "0.99999"], "can never be reached"),
        (["--source", str(CLIP), "--device-id", "a/b"], "device_id: expected"),
        (["--source", str(CLIP), "--sink", "pigeon"], "pigeon"),
        (["--source", str(CLIP), "--start-time", "yesterday"], "camera.start_time"),
        (["--source", str(CLIP), "--sink", "mqtt", "--mqtt-url", "x"], "mqtt.url: expected"),
        (["--nonsense"], "--nonsense"),
        ([], "source: expected"),
    ],
)
def test_one_line_tells_what_is_wrong(arguments: list[str], problem: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    told = [line for line in result.stderr.splitlines() if not line.startswith('{"time')]
    assert len(told) == 1
    assert problem in told[0]
    assert "Traceback" not in result.stderr
    assert "s3cret" not in result.stderr
    assert result.stdout == ""


def test_nothing_is_said_twice_when_the_reader_leaves() -> None:
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
def test_nothing_breaks_when_standard_streams_are_closed(
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


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux to look inside")
@pytest.mark.parametrize("library", ["pydantic_core", "numpy"])
def test_nothing_is_said_when_stopped_while_it_starts(library: str) -> None:
    process = subprocess.Popen(
        command("--source", str(CLIP)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    maps = Path(f"/proc/{process.pid}/maps")
    until = time.monotonic() + 20
    while library not in maps.read_text() and time.monotonic() < until:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=20)
    assert process.returncode in {0, -signal.SIGINT}
    assert "Traceback" not in log


def test_camera_stays_dark_when_the_outbox_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        result = run("--source", source, "--outbox", str(tmp_path / "file" / "o.sqlite"))
        server.settimeout(0.2)
        assert result.returncode == 2
        assert "outbox: " in result.stderr
        with pytest.raises(TimeoutError):
            server.accept()


def test_live_stream_is_opened_again_when_it_breaks_off(tmp_path: Path) -> None:
    content = still_video(tmp_path / "still.ts").read_bytes()
    connections: list[int] = []
    server = socket.create_server(("127.0.0.1", 0))

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
        command("--source", f"tcp://127.0.0.1:{server.getsockname()[1]}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 20
    while len(connections) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    _, log = process.communicate(timeout=20)
    server.close()
    assert time.monotonic() - begun < 2
    assert process.returncode == 0, log
    messages = [json.loads(line)["message"] for line in log.splitlines()]
    assert len(connections) >= 3
    assert messages.count("camera lost") >= 2
    assert "camera back" in messages


def test_stop_is_quick_when_the_camera_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"rtsp://127.0.0.1:{server.getsockname()[1]}/x"
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
