"""The edge: ``python -m edge_lambda`` in a process, its events and its log."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from local.errors import StartError
from local.network.ports import LOOPBACK
from local.processes.child import Processes
from local.run.options import Options
from smile_contract import format_time

# Exit codes of the edge: events stay in its outbox or were lost; most frames could not be used.
_UNDELIVERED, _UNUSABLE = 3, 4
_FAILED_LEVELS = {"ERROR", "CRITICAL"}
_STANDARD_KEYS = {"level", "logger", "message", "time", "timestamp", "traceback"}


class Edge:
    """A running edge.

    Parameters
    ----------
    argv : list of str
        Its command line.
    processes : Processes
        Starts and ends it.
    on_event : callable
        Called with each event that it prints, a dictionary of the contract.
    on_log : callable
        Called with each log record.

    Attributes
    ----------
    left_events : bool
        Whether it ended with events that the broker had not confirmed.
    had_bad_frames : bool
        Whether most frames of the source could not be used.
    """

    def __init__(
        self,
        argv: list[str],
        processes: Processes,
        on_event: Callable[[dict[str, Any]], None],
        on_log: Callable[[dict[str, Any]], None],
    ) -> None:
        self._on_event = on_event
        self._on_log = on_log
        self._complaint = ""
        self.left_events = self.had_bad_frames = False
        child = processes.start("edge", argv, environment=edge_environment(os.environ), piped=True)
        self._process = child.process
        pairs = ((self._process.stdout, self._read_event), (self._process.stderr, self._read_log))
        self._threads = [
            threading.Thread(target=_each_line, args=pair, name="edge output", daemon=True)
            for pair in pairs
        ]
        for thread in self._threads:
            thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end and its last line; False when the time is up.

        Raises
        ------
        StartError
            When it failed: its own error message.
        """
        for thread in self._threads:
            thread.join(timeout_s)
            if thread.is_alive():
                return False
        status = self._process.wait()
        self.left_events = status == _UNDELIVERED
        self.had_bad_frames = status == _UNUSABLE
        if status and not (self.left_events or self.had_bad_frames):
            raise StartError(self._complaint or f"the edge ended with exit status {status}")
        return True

    def finish(self, timeout_s: float) -> None:
        """Let it end its smiles and deliver them; wait for at most `timeout_s`."""
        self._process.terminate()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _read_event(self, line: str) -> None:
        message = _decoded(line)
        if message is not None:
            for event in message.get("events", [message]):
                self._on_event(event)

    def _read_log(self, line: str) -> None:
        record = _decoded(line)
        if record is None:
            text = line.strip().removeprefix("edge_lambda: ")
            self._complaint = text or self._complaint
            return
        if str(record.get("level", "")).upper() in _FAILED_LEVELS:
            self._complaint = text_of(record)
        self._on_log(record)


def text_of(record: Mapping[str, Any]) -> str:
    """Return a log record as one line for people."""
    message = str(record.get("message", "error"))
    fields = [f"{key}={value}" for key, value in record.items() if key not in _STANDARD_KEYS]
    return f"{message}: {', '.join(fields)}" if fields else message


def edge_command(
    options: Options, mqtt_port: int, outbox: Path, start_time: datetime | None
) -> list[str]:
    """Return the command line of the edge.

    Parameters
    ----------
    options : Options
        What to play, and further arguments.
    mqtt_port : int
        Where the broker listens.
    outbox : Path
        The file for events that the broker has not confirmed.
    start_time : datetime or None
        The time of a file's first frame; None for cameras and streams.
    """
    return [
        sys.executable, "-m", "edge_lambda",
        "--source", options.source,
        "--device-id", options.device_id,
        "--sink", "stdout",
        "--sink", "mqtt",
        "--mqtt-url", f"mqtt://{LOOPBACK}:{mqtt_port}",
        "--outbox", str(outbox),
        "--realtime",
        "--progress",
        "--stream", f"{LOOPBACK}:0",
        *(("--start-time", format_time(start_time)) if start_time else ()),
        *options.edge_arguments,
    ]  # fmt: skip


def edge_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the user's environment without any AWS setting: the edge needs none."""
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def _decoded(line: str) -> dict[str, Any] | None:
    try:
        decoded = json.loads(line)
    except ValueError:
        return None
    return decoded if isinstance(decoded, dict) else None


def _each_line(stream: IO[str], handle: Callable[[str], None]) -> None:
    for line in stream:
        handle(line)
