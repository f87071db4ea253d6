"""A device under observation, and a broker that stops, freezes and keeps its sessions."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import psutil
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from local.iot.broker import find_mosquitto
from tests.helpers.mqtt_subscriber import Subscriber
from tests.helpers.waiting import LOOPBACK, free_port, wait_for_port, wait_until

ROOT = Path(__file__).parents[2]
WATCHDOG_S = 20.0
_SAMPLE_S = 0.25
_SESSION_S = 3600


class Broker:
    """mosquitto, which keeps sessions and messages on the disk over a restart."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        folder.mkdir()
        folder.chmod(0o777)  # mosquitto gives up the rights of root
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} {LOOPBACK}\nallow_anonymous true\nmax_queued_messages 0\n"
            f"persistence true\npersistence_location {folder}/\nuser root\n"
        )
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [str(find_mosquitto()), "-c", str(self._config)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for_port(self.port, self._process)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class Bookkeeper(Subscriber):
    """A subscriber whose session outlives the connection and the broker."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id="books", protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda *_: self._client.subscribe("smile/#", qos=1)
        self._client.on_subscribe = lambda *_: setattr(self, "is_ready", True)
        self._client.on_message = self.receive
        keep = Properties(PacketTypes.CONNECT)
        keep.SessionExpiryInterval = _SESSION_S
        self._client.connect(LOOPBACK, port, clean_start=False, properties=keep)
        self._client.loop_start()
        wait_until(lambda: self.is_ready)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Device:
    """The process of `tests.helpers.soak_device`.

    Attributes
    ----------
    published : dict
        `seq` of each event on standard output, by id and phase.
    log : list of dict
        Log lines without the positions.
    progress : dict
        The latest position.
    memory : list of (float, float)
        Seconds since the start, and resident memory in MB.
    longest_silence_s : float
        Longest time in which systemd heard nothing.
    """

    def __init__(self, folder: Path, port: int, speed: float) -> None:
        self.published: dict[tuple[str, str], int] = {}
        self.log: list[dict[str, Any]] = []
        self.progress: dict[str, Any] = {"position_ms": 0}
        self.memory: list[tuple[float, float]] = []
        self.longest_silence_s = 0.0
        self._systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._systemd.bind(str(folder / "notify"))
        self.outbox = folder / "outbox.sqlite"
        environment = {
            "NOTIFY_SOCKET": str(folder / "notify"),
            "WATCHDOG_USEC": str(round(WATCHDOG_S * 1e6)),
        }
        settings = folder / "settings.toml"
        settings.write_text("[health]\ninterval_s = 10\n")
        arguments = ["--config", str(settings), "--outbox", str(self.outbox), "--progress"]
        arguments += ["--device-id", "cam-1", "--sink", "stdout", "--sink", "mqtt"]
        arguments += ["--mqtt-url", f"mqtt://{LOOPBACK}:{port}"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.soak_device", str(speed), *arguments],
            cwd=ROOT, env=os.environ | environment, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        watchers = (self._read_events, self._read_log, self._listen, self._measure)
        self._threads = [threading.Thread(target=one, daemon=True) for one in watchers]
        for thread in self._threads:
            thread.start()

    @property
    def is_on_disk(self) -> bool:
        """Whether the outbox uses its file, by the log."""
        names = [line["message"] for line in self.log.copy()]
        moves = [name for name in names if name in {"outbox in memory", "outbox on disk again"}]
        return moves[-1:] != ["outbox in memory"]

    def tell(self, line: str) -> None:
        """Cause or end a fault."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")

    def fill_disk(self) -> None:
        """Let the kernel refuse all writes to files."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def free_disk(self) -> None:
        no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, no_limit)

    def stop(self) -> int:
        """Ask the process to end; return its exit code."""
        self.process.terminate()
        code = self.process.wait(30)
        for thread in self._threads[:2]:
            thread.join(10)
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._systemd.close()

    def _read_events(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = json.loads(line)
            self.published[event["event_id"], event["phase"]] = event["seq"]

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            fields = json.loads(line) if line.startswith("{") else {"message": line}
            if fields["message"] == "progress":
                self.progress = fields
            else:
                self.log.append(fields)

    def _listen(self) -> None:
        heard_s = time.monotonic()
        while self.process.poll() is None:
            self._systemd.settimeout(_SAMPLE_S)
            try:
                message = self._systemd.recv(200)
            except OSError:
                message = b""
            now_s = time.monotonic()
            self.longest_silence_s = max(self.longest_silence_s, now_s - heard_s)
            if message in {b"READY=1", b"WATCHDOG=1"}:
                heard_s = now_s

    def _measure(self) -> None:
        process, begun_s = psutil.Process(self.process.pid), time.monotonic()
        while self.process.poll() is None:
            try:
                memory = process.memory_info().rss / 1e6
            except psutil.Error:
                return
            if memory:  # a process that has ended has none
                self.memory.append((time.monotonic() - begun_s, memory))
            time.sleep(_SAMPLE_S)
