"""Messages reach the socket of systemd."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from edge_lambda.health.service_manager import ServiceManager


@pytest.mark.parametrize("is_abstract", [False, True])
def test_message_reaches_the_socket(tmp_path: Path, is_abstract: bool) -> None:
    name = f"@smile-test-{tmp_path.name}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name[1:] if is_abstract else name)
        listening.settimeout(5)
        ServiceManager({"NOTIFY_SOCKET": name}).notify("READY=1", "STATUS=camera ok")
        assert listening.recv(100) == b"READY=1\nSTATUS=camera ok"


def test_nothing_is_sent_without_systemd() -> None:
    ServiceManager({}).notify("READY=1")


def test_missing_socket_is_ignored(tmp_path: Path) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "none")}).notify("READY=1")


@pytest.mark.parametrize(
    ("value", "watchdog_s"), [("90000000", 90.0), ("0", None), ("", None), ("soon", None)]
)
def test_watchdog_is_that_of_the_unit(value: str, watchdog_s: float | None) -> None:
    assert ServiceManager({"WATCHDOG_USEC": value}).watchdog_s == watchdog_s
