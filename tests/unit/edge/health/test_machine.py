"""Readings of the machine, and what they are where the machine has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from edge_lambda.health import machine


@pytest.fixture(autouse=True)
def _fresh_sensors() -> None:
    machine._sensors.cache_clear()
    machine._adjtimex.cache_clear()


def zone(folder: Path, number: int, kind: str, temperature: str) -> None:
    path = folder / f"thermal_zone{number}"
    path.mkdir()
    (path / "type").write_text(kind)
    (path / "temp").write_text(temperature)


def test_memory_is_what_the_system_counts() -> None:
    expected = psutil.Process().memory_info().rss / 1e6
    assert machine.memory_mb() == pytest.approx(expected, rel=0.1)


def test_memory_is_unknown_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "Path", lambda _: tmp_path / "none")
    assert machine.memory_mb() is None


def test_temperature_is_that_of_the_processor(tmp_path: Path) -> None:
    zone(tmp_path, 0, "battery\n", "21000\n")
    zone(tmp_path, 1, "cpu-thermal\n", "48312\n")
    assert machine.temperature_c(tmp_path, tmp_path) == pytest.approx(48.312)


def test_temperature_is_that_of_another_sensor_when_one_cannot_be_read(tmp_path: Path) -> None:
    zone(tmp_path, 0, "soc", "")
    (tmp_path / "hwmon0").mkdir()
    (tmp_path / "hwmon0" / "temp1_input").write_text("39000")
    assert machine.temperature_c(tmp_path, tmp_path) == 39


def test_temperature_is_unknown_without_a_sensor(tmp_path: Path) -> None:
    assert machine.temperature_c(tmp_path, tmp_path) is None


@pytest.mark.parametrize(
    ("result", "state"),
    [(0, "synchronized"), (1, "synchronized"), (5, "unsynchronized"), (-1, "unknown")],
)
def test_clock_is_what_the_kernel_says(
    monkeypatch: pytest.MonkeyPatch, result: int, state: str
) -> None:
    monkeypatch.setattr(machine, "_adjtimex", lambda: lambda _: result)
    assert machine.clock_state() == state


def test_clock_is_read_without_privileges() -> None:
    assert machine.clock_state() in {"synchronized", "unsynchronized"}


def test_clock_is_unknown_where_the_c_library_has_no_adjtimex(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_library(_: object) -> Any:
        return object()

    monkeypatch.setattr(machine.ctypes, "CDLL", no_library)
    assert machine.clock_state() == "unknown"
