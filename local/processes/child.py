"""Starts child processes so that none is left when this process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local.errors import StartError

LOOPBACK = "127.0.0.1"
_LAUNCHER = str(Path(__file__).with_name("launch.py"))
_POLL_S = 0.02


@dataclass(frozen=True)
class Child:
    """A running program in a process group of its own.

    Attributes
    ----------
    name : str
        What the user knows it as.
    process : Popen
        The process, which leads its group.
    log : Path or None
        Where its output goes, None when it is read by us.
    """

    name: str
    process: subprocess.Popen[str]
    log: Path | None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def complaint(self) -> str:
        """Return the last line the program wrote, for an error message."""
        text = self.log.read_text("utf-8", "replace") if self.log else ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.process.poll()}"


class Processes:
    """All children of one run.

    Parameters
    ----------
    log_folder : Path
        Where the children's output goes, one file each.
    """

    def __init__(self, log_folder: Path) -> None:
        self._log_folder = log_folder
        # The kernel's parent-death signal follows the *thread* that started the child, so all
        # are started by one thread that lives as long as this process.
        self._spawner = ThreadPoolExecutor(1, thread_name_prefix="spawner")
        self._children: list[Child] = []
        self._stopping = False

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path | None = None,
        piped: bool = False,
    ) -> Child:
        """Start a program.

        Parameters
        ----------
        name : str
            What the user knows it as; also names its log.
        argv : sequence of str
            Program and arguments.
        environment : Mapping
            Its whole environment.
        folder : Path, optional
            Its working directory.
        piped : bool
            Read its output through pipes instead of logging it to a file.

        Raises
        ------
        StartError
            When the program cannot be started or this run is stopping.
        """
        return self._spawner.submit(self._start, name, argv, environment, folder, piped).result()

    def stop(self, grace_s: float = 1.0) -> None:
        """End every child: ask, wait up to ``grace_s``, then kill."""
        self._stopping = True
        self._spawner.shutdown(wait=True)
        for child in self._children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        for child in self._children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            child.signal(signal.SIGKILL)  # the group may outlive its leader
            child.process.wait()

    def kill(self, child: Child) -> None:
        """End one child at once."""
        child.signal(signal.SIGKILL)
        child.process.wait()

    def _start(
        self,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        folder: Path | None,
        piped: bool,
    ) -> Child:
        if self._stopping:
            raise StartError(f"{name} was not started: this run is stopping")
        log = None if piped else self._log_folder / f"{name}.log"
        with contextlib.ExitStack() as stack:
            output: IO[str] | int = subprocess.PIPE
            if log is not None:
                output = stack.enter_context(log.open("a", encoding="utf-8"))
            try:
                process = subprocess.Popen(
                    [sys.executable, "-I", "-S", _LAUNCHER, str(os.getpid()), *argv],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.PIPE if piped else subprocess.STDOUT,
                    env=dict(environment),
                    cwd=folder,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    start_new_session=True,  # the terminal's Ctrl-C is ours to handle
                )
            except OSError as error:
                raise StartError(f"{name} cannot be started: {error.strerror}") from error
        child = Child(name, process, log)
        self._children.append(child)
        return child


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError):
            return False
    return True


def wait_for_port(child: Child, port: int, timeout_s: float = 30.0) -> None:
    """Wait until a child accepts connections.

    Raises
    ------
    StartError
        When the child ends instead, or takes too long.
    """
    deadline = time.monotonic() + timeout_s
    while child.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), 1):
            return
        if time.monotonic() > deadline:
            raise StartError(f"{child.name} did not answer on port {port} in {timeout_s:.0f} s")
        time.sleep(_POLL_S)
    raise StartError(f"{child.name} did not start: {child.complaint()}")
