"""The edge as a process of its own: what it prints, and how far it has got."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from local.errors import StartError
from local.processes.child import LOOPBACK, Child, Processes

_UNDELIVERED = 3  # the edge's exit code when events stay in its outbox
_FAILED_LEVELS = {"ERROR", "CRITICAL"}
_STANDARD_KEYS = {"level", "logger", "message", "time", "timestamp", "traceback"}


@dataclass(frozen=True)
class EdgeOptions:
    """What the edge is started with.

    Attributes
    ----------
    source : str
        Video file, camera number or stream URL.
    device_id : str
        The camera's name in topics and events.
    mqtt_port : int
        Where the broker listens.
    outbox : Path
        Where it keeps events until the broker has them.
    start_time : str or None
        Time of a file's first frame; None for cameras and streams, which have their own.
    extra : tuple of str
        Further arguments, passed on as they are.
    """

    source: str
    device_id: str
    mqtt_port: int
    outbox: Path
    start_time: str | None = None
    extra: tuple[str, ...] = ()


class Edge:
    """A running edge.

    Parameters
    ----------
    options : EdgeOptions
        What to play and where to send it.
    processes : Processes
        What starts and ends it.
    on_event : callable
        Told of each event as printed: a dictionary of the contract.
    on_log : callable
        Told of each log record.

    Attributes
    ----------
    left_events : bool
        Whether it ended with events that the broker did not take, or that were lost.
    """

    def __init__(
        self,
        options: EdgeOptions,
        processes: Processes,
        on_event: Callable[[dict[str, Any]], None],
        on_log: Callable[[dict[str, Any]], None],
    ) -> None:
        self._on_event = on_event
        self._on_log = on_log
        self._complaint = ""
        self.left_events = False
        self._child: Child = processes.start(
            "edge", edge_command(options), environment=edge_environment(os.environ), piped=True
        )
        streams = (self._child.process.stdout, self._child.process.stderr)
        readers = (self._read_event, self._read_log)
        self._threads = [
            threading.Thread(target=_each_line, args=pair, name="edge output", daemon=True)
            for pair in zip(streams, readers, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for its end and for its last line; False when the time is up.

        Raises
        ------
        StartError
            When it ended with an error: its own clear line.
        """
        for thread in self._threads:
            thread.join(timeout_s)
            if thread.is_alive():
                return False
        status = self._child.process.wait()
        self.left_events = status == _UNDELIVERED
        if status and not self.left_events:
            raise StartError(self._complaint or f"the edge ended with exit status {status}")
        return True

    def _read_event(self, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return
        if isinstance(event, dict):
            for one in event.get("events", [event]):
                self._on_event(one)

    def _read_log(self, line: str) -> None:
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            text = line.strip().removeprefix("edge_lambda: ")
            self._complaint = text or self._complaint
            return
        if str(record.get("level", "")).upper() in _FAILED_LEVELS:
            self._complaint = complaint_of(record)
        self._on_log(record)


def complaint_of(record: dict[str, Any]) -> str:
    """Return an error record as one line for people."""
    message = str(record.get("message", "error"))
    fields = [f"{key}={value}" for key, value in record.items() if key not in _STANDARD_KEYS]
    return f"{message}: {', '.join(fields)}" if fields else message


def edge_command(options: EdgeOptions) -> list[str]:
    """Return the edge's command line."""
    return [
        sys.executable, "-m", "edge_lambda",
        "--source", options.source,
        "--device-id", options.device_id,
        "--sink", "stdout",
        "--sink", "mqtt",
        "--mqtt-url", f"mqtt://{LOOPBACK}:{options.mqtt_port}",
        "--outbox", str(options.outbox),
        "--realtime",
        "--progress",
        "--stream", f"{LOOPBACK}:0",
        *(("--start-time", options.start_time) if options.start_time else ()),
        *options.extra,
    ]  # fmt: skip


def edge_environment(environment: os._Environ[str] | dict[str, str]) -> dict[str, str]:
    """Return the user's environment without anything of AWS: the edge needs none of it."""
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def _each_line(stream: IO[str], handle: Callable[[str], None]) -> None:
    for line in stream:
        handle(line)
