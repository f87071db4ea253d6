"""The mosquitto broker, where it is installed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.iot.broker import find_mosquitto
from tests.helpers.waiting import LOOPBACK, free_port, wait_for_port

_COMMAND = find_mosquitto()
needs_mosquitto = pytest.mark.skipif(_COMMAND is None, reason="mosquitto is missing")


@contextmanager
def running_mosquitto(settings: str, folder: Path, port: int | None = None) -> Iterator[int]:
    """Run a broker with these settings; yield its port, by default a free one."""
    port = port or free_port()
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} {LOOPBACK}\n{settings}")
    with running_broker([str(_COMMAND), "-c", str(config)], port):
        yield port


@contextmanager
def running_broker(command: list[str], port: int) -> Iterator[None]:
    """Run a broker until the end of the block; wait until it listens."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_port(port, process)
        yield
    finally:
        process.kill()
        process.wait()
