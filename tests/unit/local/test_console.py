"""What a run prints."""

from __future__ import annotations

import io
import os
import signal
import sys

import pytest
from rich.console import Console

from local.aws.alert_inbox import Alert
from local.report import console as module
from local.report.console import RunConsole

ID = "01890000-0000-7000-8000-000000000001"


def plain() -> tuple[RunConsole, io.StringIO]:
    output = io.StringIO()
    return RunConsole(Console(file=output, width=40)), output


def test_event_is_one_line_with_what_tells_it_from_others() -> None:
    console, output = plain()
    started = {"phase": "started", "device_id": "cam-1", "event_id": ID, "track_id": 3}
    console.event({**started, "started_at": "2026-01-01T10:00:01.000Z", "peak_score": 0.951})
    ended = {**started, "phase": "ended", "ended_at": "2026-01-01T10:00:02.500Z"}
    console.event({**ended, "duration_ms": 1540, "peak_score": 1})
    assert output.getvalue().splitlines() == [
        "▶  10:00:01.000  cam-1  smile started  face 3  score 0.95  01890000-0000",
        "■  10:00:02.500  cam-1  smile ended after 1.5 s  face 3  score 1.00  01890000-0000",
    ]


def test_alert_is_one_line_with_control_characters_made_visible() -> None:
    console, output = plain()
    console.alert(Alert("Smile", "line one\nline two \x1b[31mred", frozenset(), 0.0))
    console.alert(Alert("", "no subject", frozenset(), 0.0))
    assert output.getvalue() == "✉  Smile: line one line two \\x1b[31mred\n✉  no subject\n"


def test_heartbeat_is_one_line() -> None:
    console, output = plain()
    beat = {
        "device_id": "cam-1", "sent_at": "2026-01-01T10:00:05.000Z", "camera": "ok",
        "frame_rate": 24.9, "latency_p95_ms": 23.4, "faces": 2, "outbox_events": 0,
        "cpu_share": 0.121, "memory_mb": 138.7,
    }  # fmt: skip
    console.health(beat)
    console.health({"device_id": "cam-1", "sent_at": "", "camera": "too_dark", "faces": 1})
    console.health({"device_id": "cam-1", "sent_at": "", "camera": "ok", "paused": True})
    assert output.getvalue().splitlines() == [
        "♥  10:00:05.000  cam-1  camera ok, 25 frames/s, latency 23 ms, 2 faces, 0 waiting events, "
        "12 % of a core, 139 MB",
        "♥    cam-1  camera too dark, 0 frames/s, 1 face, 0 waiting events",
        "♥    cam-1  camera ok, 0 frames/s, paused, 0 waiting events",
    ]


def test_change_of_the_camera_is_one_line() -> None:
    console, output = plain()
    console.camera({"state": "unplugged", "reason": "source: no camera at /dev/video0"})
    console.camera({"state": "ok"})
    assert output.getvalue() == (
        "!  camera: unplugged (source: no camera at /dev/video0)\n   camera: ok\n"
    )


def test_progress_is_a_line_every_ten_seconds_when_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: seconds[0])
    console, output = plain()
    record = {"position_ms": 9000, "duration_ms": 30000, "frame_rate": 24.6, "faces": 2}
    for seconds[0] in (101.0, 109.9, 110.0, 111.0, 119.9):
        console.progress(record)
    assert output.getvalue() == "   at 9 of 30 s  25 frames/s  faces: 2\n"
    seconds[0] = 120.0
    console.progress({"position_ms": 60000})
    assert output.getvalue().endswith("   at 60 s  0 frames/s  faces: 0\n")
    seconds[0] = 130.0
    console.progress(record | {"problems": ["mouth hidden", "turned away"]})
    assert output.getvalue().endswith("faces: 2 (mouth hidden, turned away)\n")
    seconds[0] = 140.0
    console.progress(record | {"camera": "out_of_focus"})
    assert output.getvalue().endswith("faces: 2  camera: out of focus\n")
    seconds[0] = 150.0
    console.progress(record | {"paused": True})
    assert output.getvalue().endswith("25 frames/s  paused\n")


def test_progress_is_a_bar_that_goes_away_when_there_is_a_terminal() -> None:
    output = io.StringIO()
    console = RunConsole(Console(file=output, force_terminal=True, width=80))
    console.progress({"position_ms": 9000, "duration_ms": 30000})
    console.end_progress()
    shown = output.getvalue()
    assert "9 of 30 s" in shown
    console.progress({"position_ms": 10000, "duration_ms": 30000})
    assert output.getvalue() == shown, "a late record shows nothing"


def test_run_is_ended_once_when_the_reader_of_its_output_has_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(module.Console, "on_broken_pipe", sys.exit)  # as rich, but for dup2()
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(module.os, "kill", lambda *arguments: sent.append(arguments))
    console = RunConsole(Console(file=Closed()))
    console.line("a")
    console.line("b")
    assert sent == [(os.getpid(), signal.SIGTERM)]
