"""The pauses between the starts of a service that crashes."""

from __future__ import annotations

import configparser
import os
import subprocess
from pathlib import Path

import pytest

import edge_lambda

FOLDER = Path(edge_lambda.__file__).parent / "systemd"


class Service:
    """Starts and ends as systemd runs `pause`, without the time that passes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._now_s = 1000
        (folder / "sleep").write_text(f'#!/bin/sh\necho "$1" >"{folder}/slept"\n')
        (folder / "sleep").chmod(0o755)

    def start(self) -> int:
        """Return the pause before the start in seconds."""
        (self._folder / "uptime").write_text(f"{self._now_s}.25 4000.00\n")
        self._run("before")
        pause_s = int((self._folder / "slept").read_text())
        self._now_s += pause_s
        return pause_s

    def end(self, after_s: int, result: str) -> None:
        self._now_s += after_s
        self._run("after", SERVICE_RESULT=result)

    def _run(self, word: str, **more: str) -> None:
        environment = {
            "PATH": f"{self._folder}:{os.environ['PATH']}",
            "RUNTIME_DIRECTORY": str(self._folder),
            "UPTIME": str(self._folder / "uptime"),
        }
        command = ["sh", str(FOLDER / "pause"), word]
        subprocess.run(command, env=environment | more, check=True)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def pauses_of_crashes(service: Service, count: int, after_s: int = 1) -> list[int]:
    pauses = []
    for _ in range(count):
        pauses.append(service.start())
        service.end(after_s, "signal")
    return pauses


def test_pauses_grow_to_five_minutes_while_the_program_crashes(service: Service) -> None:
    assert pauses_of_crashes(service, 8) == [0, 10, 20, 40, 80, 160, 300, 300]


def test_pauses_start_over_after_a_long_run(service: Service) -> None:
    pauses_of_crashes(service, 4)
    assert pauses_of_crashes(service, 3, after_s=600) == [80, 0, 0]


def test_next_start_is_at_once_after_an_orderly_end(service: Service) -> None:
    pauses_of_crashes(service, 4)
    service.end(1, "success")
    assert service.start() == 0


def test_unit_leaves_time_for_the_longest_pause_and_the_start() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(FOLDER / "smile-edge.service", encoding="utf-8")
    assert int(unit["Service"]["TimeoutStartSec"]) >= 300 + 120
    assert unit["Service"]["RuntimeDirectoryPreserve"] == "restart"
    for key, word in (("ExecStartPre", "before"), ("ExecStopPost", "after")):
        assert unit["Service"][key] == f"/bin/sh /opt/smile-edge/edge_lambda/systemd/pause {word}"
