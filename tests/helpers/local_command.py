"""``python -m local`` in a process, as people run it, and its API."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.publish
import psutil

from smile_contract import format_time, uuid7

REPOSITORY = Path(__file__).resolve().parents[2]
MESSAGES = REPOSITORY / "events" / "messages"
LINE_S = 60.0


class Command:
    """A running ``python -m local``."""

    def __init__(self, *flags: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "--api-key", "key", *flags],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "AWS_PROFILE": "nobody"},
        )
        self.lines: list[str] = []

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read its output up to a line. The command is killed when the line does not come."""
        assert self.process.stdout is not None
        too_late = threading.Timer(LINE_S, self.process.kill)
        too_late.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line)
                found = re.search(pattern, line)
                if found:
                    return found
        finally:
            too_late.cancel()
        raise AssertionError(f"{pattern} not in {self.lines}, {self.errors()}")

    def errors(self) -> str:
        """Return what it has written to standard error, after its end."""
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def children(self) -> list[psutil.Process]:
        """Return every process that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> None:
        """Kill it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class Served(Command):
    """The shipped template, ready."""

    def __init__(self, broker: str, *flags: str) -> None:
        super().__init__("--no-edge", "--broker", broker, "--retry-delay-s", "0", *flags)
        ready = self.wait_for(r"API http://127\.0\.0\.1:(\d+), \w+ on 127\.0\.0\.1:(\d+)")
        self.api_port, self.mqtt_port = int(ready[1]), int(ready[2])
        self.wait_for("serving until Ctrl-C")

    def publish(self, message: object, topic: str = "smile/cam-1/events") -> None:
        """Publish a message as a device would."""
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        paho.mqtt.publish.single(topic, payload, qos=1, port=self.mqtt_port)

    def get(self, path: str, key: str = "admin_key") -> tuple[int, Any]:
        """Read from the API: status and JSON document."""
        return self.ask("GET", path, None, {"x-api-key": key})

    def ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, Any]:
        """Send a request to the API: status and JSON document."""
        connection = http.client.HTTPConnection("127.0.0.1", self.api_port, timeout=30)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text else None


def recent_event(name: str) -> dict[str, Any]:
    """Return a sample event as a device would send it now."""
    event: dict[str, Any] = json.loads((MESSAGES / name).read_text("utf-8"))
    started_at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=5)
    event |= {"event_id": uuid7(started_at), "started_at": format_time(started_at)}
    if event["phase"] == "ended":
        event["ended_at"] = format_time(started_at + timedelta(milliseconds=event["duration_ms"]))
    return event
