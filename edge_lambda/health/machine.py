"""The machine: processor time, memory, temperature and whether its clock is kept right."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path

from smile_contract import ClockState

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_THERMAL = Path("/sys/class/thermal")
_HWMON = Path("/sys/class/hwmon")
# Types of thermal zones that measure the processor: Raspberry Pi, Intel, most ARM boards.
_PROCESSOR_ZONES = ("cpu", "soc", "x86_pkg")
_TIMEX_BYTES = 512  # struct timex has 208 bytes or fewer; `modes` is its first field
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronized


def memory_mb() -> float | None:
    """Return the resident memory of this process in MB (10^6 bytes), or None if unknown."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * _PAGE_BYTES / 1e6


def temperature_c(thermal: Path = _THERMAL, hwmon: Path = _HWMON) -> float | None:
    """Return the temperature of the processor in degrees Celsius, or None without a sensor."""
    for file in _sensors(thermal, hwmon):
        try:
            value = int(file.read_text("ascii")) / 1000
        except (OSError, ValueError):
            continue
        return value
    return None


def clock_state() -> ClockState:
    """Return whether a time server keeps the system clock right, as the kernel sees it."""
    adjtimex = _adjtimex()
    if adjtimex is None:
        return "unknown"
    # Zero modes only read: that needs no privileges.
    result = adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    if result < 0:
        return "unknown"
    return "unsynchronized" if result == _TIME_ERROR else "synchronized"


@cache
def _sensors(thermal: Path, hwmon: Path) -> list[Path]:
    """Return the files of the sensors, those of the processor first."""
    zones = sorted(thermal.glob("thermal_zone*"))
    zones.sort(key=lambda zone: not _is_processor(zone))
    return [zone / "temp" for zone in zones] + sorted(hwmon.glob("hwmon*/temp1_input"))


def _is_processor(zone: Path) -> bool:
    try:
        kind = (zone / "type").read_text("ascii").lower()
    except (OSError, ValueError):
        return False
    return kind.startswith(_PROCESSOR_ZONES)


@cache
def _adjtimex() -> ctypes._NamedFuncPointer | None:
    try:
        return ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError, TypeError):
        return None
