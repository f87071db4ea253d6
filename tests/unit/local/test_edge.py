"""The edge's process: its command line, environment, events, log and end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.errors import StartError
from local.processes.child import Child, Processes
from local.run.edge import Edge, edge_command, edge_environment, text_of
from local.run.options import Options


class OneScript(Processes):
    """Starts a script of the test instead of the edge."""

    def start(self, name: str, argv: Any, *, environment: Mapping[str, str], **_: Any) -> Child:  # type: ignore[override]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return Child(name, subprocess.Popen([sys.executable, *argv], text=True, **pipes), None)


def run(script: str, tmp_path: Path) -> tuple[Edge, list[dict[str, Any]], list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    records: list[dict[str, Any]] = []
    edge = Edge(["-c", script], OneScript(tmp_path), events.append, records.append)
    return edge, events, records


def test_events_and_log_are_read_until_the_edge_ends(tmp_path: Path) -> None:
    lines = [json.dumps({"event_id": "a"}), json.dumps({"events": [{"event_id": "b"}]}), "text"]
    script = (
        f"import sys; print({chr(10).join(lines)!r}); print('{{\"level\": 1}}', file=sys.stderr)"
    )
    edge, events, records = run(script, tmp_path)
    assert edge.wait(30)
    assert events == [{"event_id": "a"}, {"event_id": "b"}]
    assert records == [{"level": 1}]
    assert not edge.left_events


def test_wait_returns_false_when_the_edge_still_runs(tmp_path: Path) -> None:
    edge, _, _ = run("input()", tmp_path)
    assert not edge.wait(0.01)
    edge._process.kill()


def test_events_are_left_when_the_edge_ends_with_code_3(tmp_path: Path) -> None:
    edge, _, _ = run("raise SystemExit(3)", tmp_path)
    assert edge.wait(30)
    assert edge.left_events


@pytest.mark.parametrize(("code", "is_bad"), [(0, False), (3, False), (4, True)])
def test_frames_were_bad_when_the_edge_ends_with_code_4(
    tmp_path: Path, code: int, is_bad: bool
) -> None:
    edge, _, _ = run(f"raise SystemExit({code})", tmp_path)
    assert edge.wait(30)
    assert edge.had_bad_frames is is_bad


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("raise SystemExit('edge_lambda: there is no camera 97')", "there is no camera 97"),
        ("import sys; print('{\"level\": \"ERROR\", \"message\": \"lost\", \"a\": 1}',"
         "file=sys.stderr); sys.exit(1)", "lost: a=1"),
        ("raise SystemExit(5)", "the edge ended with exit status 5"),
    ],
)  # fmt: skip
def test_failure_of_the_edge_is_its_last_error(tmp_path: Path, script: str, complaint: str) -> None:
    edge, _, _ = run(script, tmp_path)
    with pytest.raises(StartError) as caught:
        edge.wait(30)
    assert str(caught.value) == complaint


def test_record_is_one_line_without_time_level_and_logger() -> None:
    record = {"level": "error", "time": "x", "message": "camera lost", "reason": "gone"}
    assert text_of(record) == "camera lost: reason=gone"
    assert text_of({"level": "error"}) == "error"


def test_command_names_source_broker_and_the_users_arguments() -> None:
    options = Options(source="0", device_id="cam-2", edge_arguments=("--min-face-px", "30"))
    argv = edge_command(options, 1883, Path("outbox.sqlite"), None)
    assert argv[:3] == [sys.executable, "-m", "edge_lambda"]
    given = " ".join(argv)
    assert "--source 0 --device-id cam-2" in given
    assert "--mqtt-url mqtt://127.0.0.1:1883 --outbox outbox.sqlite" in given
    assert given.endswith("--min-face-px 30")
    assert "--start-time" not in given
    dated = edge_command(options, 1883, Path("o"), datetime(2026, 1, 1, tzinfo=UTC))
    assert "--start-time 2026-01-01T00:00:00.000Z" in " ".join(dated)


def test_edge_gets_no_setting_of_aws() -> None:
    environment = edge_environment({"AWS_PROFILE": "work", "HOME": "/home/me"})
    assert "AWS_PROFILE" not in environment
    assert environment["HOME"] == "/home/me"
