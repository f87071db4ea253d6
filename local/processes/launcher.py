"""Runs a program that the kernel kills when the program's parent dies.

Run as ``python -I -S launcher.py <parent's pid> <program> [argument …]``. Not a ``preexec_fn``:
that may deadlock in a process with threads (Python's subprocess module).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2), Linux only


def main() -> None:
    """Tie this process to its parent, then become the program."""
    parent = int(sys.argv[1])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # the parent died before prctl
        sys.exit(1)
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell wanted


if __name__ == "__main__":
    main()
