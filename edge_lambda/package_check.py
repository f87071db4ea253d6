"""Whether a device package fits this machine.

This runs first, before the native code of the package, which fails with many lines on a machine
that it was not built for. It only uses what Python 3.7 knows.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

BUILT_FOR = Path(__file__).parent.parent / "built_for.json"
"""What `make edge-package` built the package for. Missing in a checkout."""

_OLDEST_PYTHON = (3, 11)
_OLDEST_GLIBC = (2, 28)  # of the wheels that scripts/edge_package takes
_ARCHITECTURES = {"aarch64": "arm64", "x86_64": "x86_64"}


def find_problem(
    built_for: Path = BUILT_FOR,
    *,
    python: tuple[int, int] = sys.version_info[:2],
    machine: str | None = None,
    glibc: str | None = None,
) -> str:
    """Return in one sentence why the package cannot run here; empty when it can."""
    here = "{}.{}".format(*python)
    machine = machine or _machine()
    try:
        wanted = json.loads(built_for.read_text(encoding="ascii"))
    except OSError:
        if python >= _OLDEST_PYTHON:
            return ""
        return f"this program needs Python 3.11 or newer, this is Python {here}"
    if wanted["machine"] != machine:
        return f"this package is for {wanted['machine']}, this machine is {machine}: " + _build(
            python, machine
        )
    if wanted["python"] != here:
        return f"this package is for Python {wanted['python']}, this is Python {here}: " + _build(
            python, machine
        )
    return _glibc_problem(glibc or _glibc())


def _build(python: tuple[int, int], machine: str) -> str:
    """Return how to get a package for this machine."""
    if machine not in _ARCHITECTURES:
        return "expected a 64-bit system on arm64 or x86_64"
    if python < _OLDEST_PYTHON:
        return "install Python 3.11 or newer"
    version = "{}.{}".format(*python)
    return (
        f"build it with make edge-package ARCH={_ARCHITECTURES[machine]} PYTHON_VERSION={version}"
    )


def _machine() -> str:
    # A 32-bit Raspberry Pi OS runs on a 64-bit kernel, which names the processor.
    is_32_bit = sys.maxsize < 2**32
    return platform.machine() + (" with a 32-bit system" if is_32_bit else "")


def _glibc() -> str:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").rpartition(" ")[2]
    except (ValueError, OSError, AttributeError):
        return ""


def _glibc_problem(version: str) -> str:
    if not version:
        return "this package needs Linux with glibc, such as Debian or Ubuntu"
    if tuple(int(part) for part in version.split(".")) >= _OLDEST_GLIBC:
        return ""
    return f"this package needs glibc 2.28 (Debian 10, Ubuntu 18.10) or newer, this is {version}"


if __name__ == "__main__":
    sys.exit(find_problem() or 0)
