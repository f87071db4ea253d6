"""Wait for something that happens in another thread or process."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterable

import psutil

LOOPBACK = "127.0.0.1"


def wait_until(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Return when `condition` holds; fail the test when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"condition not met within {timeout_s:g} s"
        time.sleep(0.01)


def wait_gone(processes: Iterable[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Return the processes that still run after `timeout_s`.

    A zombie has ended: in a container, process 1 may never collect the children of a killed parent.
    """
    running = list(processes)
    deadline = time.monotonic() + timeout_s
    while (running := [one for one in running if _runs(one)]) and time.monotonic() < deadline:
        time.sleep(0.01)
    return running


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def free_port() -> int:
    """Return a TCP port on the loopback address that is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    """Return whether a server accepts connections on the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_for_port(
    port: int, process: subprocess.Popen[bytes] | None = None, timeout_s: float = 30.0
) -> None:
    """Return when a server listens; fail at once when its `process` has exited."""

    def listens() -> bool:
        assert process is None or process.poll() is None, "the server exited during its start"
        return is_listening(port)

    wait_until(listens, timeout_s)
