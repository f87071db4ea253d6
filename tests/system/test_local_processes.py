"""Child processes: how they start, fail and end; a function that takes too long to start."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.aws.endpoints import LocalAws
from local.cloudformation.function_spec import FunctionSpec
from local.errors import StartError
from local.functions import function_runtime
from local.functions.function_runtime import FunctionRuntime
from local.processes.child import Child, Processes, wait_for_port
from tests.helpers.waiting import free_port, wait_gone, wait_until

pytestmark = pytest.mark.system


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path)
    yield started
    started.stop()


def start(processes: Processes, script: str, folder: Path | None = None) -> Child:
    argv = [sys.executable, "-c", script]
    return processes.start("child", argv, environment={}, folder=folder)


def test_child_is_killed_with_its_own_children_when_the_run_stops(
    processes: Processes, tmp_path: Path
) -> None:
    wait = "import time; time.sleep(60)"
    script = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {wait!r}])"
    child = start(processes, f"{script}; print('ready', flush=True); {wait}")
    wait_until(lambda: "ready" in (tmp_path / "child.log").read_text("utf-8"))
    family = [psutil.Process(child.process.pid)]
    family += family[0].children(recursive=True)
    assert len(family) == 2
    processes.stop()
    assert wait_gone(family, 5) == []


def test_nothing_starts_when_the_run_is_stopping(processes: Processes) -> None:
    processes.stop()
    with pytest.raises((StartError, RuntimeError)):
        start(processes, "pass")


def test_start_fails_in_one_line_when_the_folder_does_not_exist(
    processes: Processes, tmp_path: Path
) -> None:
    with pytest.raises(StartError, match="child cannot be started: No such file or directory"):
        start(processes, "pass", tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("print('one'); print('port in use'); print()", "child did not start: port in use"),
        ("raise SystemExit(7)", "child did not start: exit code 7"),
    ],
)
def test_waiting_for_a_port_ends_when_the_child_does(
    processes: Processes, script: str, reason: str
) -> None:
    with pytest.raises(StartError, match=reason):
        wait_for_port(start(processes, script), free_port())


def test_waiting_for_a_port_ends_when_the_time_is_up(processes: Processes) -> None:
    child = start(processes, "import time; time.sleep(60)")
    with pytest.raises(StartError, match=r"child did not listen on port \d+ in 0 s"):
        wait_for_port(child, free_port(), timeout_s=0.1)


def test_check_reports_a_child_that_has_ended(processes: Processes) -> None:
    child = start(processes, "import time; time.sleep(60)")
    child.check()
    child.kill()
    with pytest.raises(StartError, match="child ended unexpectedly: exit code -9"):
        child.check()


def test_function_fails_when_its_import_takes_too_long(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app.py").write_text("import time; time.sleep(60)", "utf-8")
    spec = FunctionSpec("Slow", "Slow", "arn:Slow", "app.handler", tmp_path)
    runtime = FunctionRuntime(spec, LocalAws("http://127.0.0.1:1"), processes)
    monkeypatch.setattr(function_runtime, "_INIT_TIMEOUT_S", 0.5)
    failure = runtime.wait_initialized()
    assert failure is not None
    assert failure.error_type == "Sandbox.Timedout"
    assert "initialization took more than" in failure.error_message()
    assert runtime.invoke(b"{}").error_type == "Sandbox.Timedout", "started again, as slow"
    runtime.close()
