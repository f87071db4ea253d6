"""Starts child processes so that none outlives this process, however this process ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from local.errors import StartError
from local.network.ports import is_listening

_LAUNCHER = str(Path(__file__).with_name("launcher.py"))
_POLL_S = 0.02
_SAVE_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Child:
    """A running program in its own process group.

    Attributes
    ----------
    name : str
        Its name in messages and in its log's file name.
    process : Popen
        The process, which leads its group.
    log : Path or None
        Where its output goes; None when it is read through pipes.
    saves : bool
        Whether it saves something when it is terminated.
    """

    name: str
    process: subprocess.Popen[str]
    log: Path | None
    saves: bool = False

    def finish(self) -> None:
        """Let it save and end."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_SAVE_TIMEOUT_S)

    def kill(self) -> None:
        """Kill the whole group, which may outlive its leader."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_line(self) -> str:
        """Return the last line of its log, for an error message."""
        lines = self.log.read_text("utf-8", "replace").split("\n") if self.log else []
        written = [line.strip() for line in lines if line.strip()]
        return written[-1] if written else f"exit code {self.process.poll()}"

    def check(self) -> None:
        """Raise `StartError` when it has ended."""
        if self.process.poll() is not None:
            raise StartError(f"{self.name} ended unexpectedly: {self.last_line()}")


class Processes:
    """The children of one run.

    Parameters
    ----------
    log_folder : Path
        Receives a log file for each child.

    Attributes
    ----------
    log_folder : Path
        The same.
    """

    def __init__(self, log_folder: Path) -> None:
        self.log_folder = log_folder
        # The kernel's parent-death signal follows the *thread* that started the child. So one
        # thread, which lives as long as this process, starts all of them.
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
        saves: bool = False,
    ) -> Child:
        """Start a program.

        Parameters
        ----------
        name : str
            Its name in messages and in its log's file name.
        argv : sequence of str
            Program and arguments.
        environment : Mapping
            Its whole environment.
        folder : Path, optional
            Its working directory.
        piped : bool
            Give it pipes for its output instead of a log file.
        saves : bool
            Terminate it at the end and wait until it has saved, instead of killing it.

        Raises
        ------
        StartError
            When the program cannot start, or this run is stopping.
        """
        start = partial(self._start, name, argv, environment, folder, piped=piped, saves=saves)
        return self._spawner.submit(start).result()

    def stop(self) -> None:
        """End every child: those that save something first, then the others."""
        self._stopping = True
        for child in self._children:
            if child.saves:
                child.finish()
        self._spawner.shutdown(wait=True)  # its end already kills the children, not their groups
        for child in self._children:
            child.kill()

    def _start(
        self,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        folder: Path | None,
        *,
        piped: bool,
        saves: bool,
    ) -> Child:
        if self._stopping:
            raise StartError(f"{name} was not started: this run is stopping")
        log = None if piped else self.log_folder / f"{name}.log"
        with log.open("a") if log else contextlib.nullcontext(subprocess.PIPE) as output:
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
                    start_new_session=True,  # Ctrl-C in the terminal reaches this process only
                )
            except OSError as error:
                raise StartError(f"{name} cannot be started: {error.strerror}") from error
        child = Child(name, process, log, saves)
        self._children.append(child)
        return child


def wait_for_port(child: Child, port: int, timeout_s: float = 30.0) -> None:
    """Wait until a child accepts connections.

    Raises
    ------
    StartError
        When the child ends, or does not listen in time.
    """
    deadline = time.monotonic() + timeout_s
    while child.process.poll() is None:
        if is_listening(port):
            return
        if time.monotonic() > deadline:
            raise StartError(f"{child.name} did not listen on port {port} in {timeout_s:.0f} s")
        time.sleep(_POLL_S)
    raise StartError(f"{child.name} did not start: {child.last_line()}")
