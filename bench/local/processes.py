"""Memory and processor time of a process and its descendants, from ``/proc`` (Linux)."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """What one process uses.

    Attributes
    ----------
    name : str
        The script or module that it runs.
    cpu_s : float
        Processor time since its start.
    peak_mb : float
        Its largest resident memory so far, in MB.
    """

    name: str
    cpu_s: float
    peak_mb: float


def tree_use(root: int) -> dict[int, ProcessUse]:
    """Return what a process and its descendants use, by process id."""
    parents: dict[int, int] = {}
    found: dict[int, ProcessUse] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                pid = int(entry.name)
                fields = (entry / "stat").read_text("utf-8").rpartition(")")[2].split()
                parents[pid] = int(fields[1])
                cpu_s = (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
                found[pid] = ProcessUse(_name(entry), cpu_s, _peak_mb(entry))

    def belongs(pid: int) -> bool:
        while pid not in (0, root):
            pid = parents.get(pid, 0)
        return pid == root

    return {pid: use for pid, use in found.items() if belongs(pid)}


def _peak_mb(entry: Path) -> float:
    for line in (entry / "status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    return 0.0


def _name(entry: Path) -> str:
    words = (entry / "cmdline").read_text("utf-8").split("\0")
    if "awslambdaric" in words:
        return f"function {(entry / 'cwd').readlink().name}"
    if "-m" in words:
        return words[words.index("-m") + 1]
    scripts = [word for word in words[1:] if word.endswith(".py")]
    return Path(scripts[0] if scripts else words[0]).name
