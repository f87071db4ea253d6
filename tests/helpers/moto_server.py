"""AWS as moto's server in another process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.aws.endpoints import LocalAws
from local.processes.child import Processes
from tests.helpers.waiting import LOOPBACK, free_port, wait_for_port

_SERVER = Path(__file__).with_name("moto_process.py")


@contextmanager
def running(command: list[str], port: int, **options: Any) -> Iterator[None]:
    """Run a server that listens on `port`; end it and its children afterwards."""
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        wait_for_port(port, process)
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto, which changes tables one request at a time; yield its URL."""
    port = free_port()
    command = [sys.executable, "-P", str(_SERVER), str(port)]
    with running(command, port, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        yield f"http://{LOOPBACK}:{port}"


def start_moto(processes: Processes) -> LocalAws:
    """Start moto, for services that the local store lacks; return its endpoint once it answers."""
    port = free_port()
    command = [sys.executable, "-P", str(_SERVER), str(port)]
    child = processes.start("moto", command, environment=dict(os.environ))
    wait_for_port(port, child.process)
    return LocalAws(f"http://{LOOPBACK}:{port}")
