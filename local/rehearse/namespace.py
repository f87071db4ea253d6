"""A network namespace: nothing outside reaches its ports, and nothing in it reaches outside."""

from __future__ import annotations

import fcntl
import socket
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from local.errors import StartError

_UNSHARE: Final = ("unshare", "--user", "--map-root-user", "--net")
_SIOCSIFFLAGS: Final = 0x8914  # linux/sockios.h
_IFF_UP: Final = 1  # linux/if.h
_NAMESPACE: Final = Path("/proc/self/ns/net")


def check_namespaces() -> None:
    """Raise `StartError` where this user cannot make a network namespace."""
    try:
        done = subprocess.run([*_UNSHARE, "true"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise StartError(f"unshare cannot be run ({error.strerror}): it is part of Linux") from None
    if done.returncode != 0:
        raise StartError(
            "this machine makes no network namespaces, and without one any web page that you open "
            "could run code through MiniStack: rehearse on a Linux machine or VM of your own. "
            f"{done.stderr}"
        )


def run_in_namespace(command: Sequence[str]) -> int:
    """Run a command in a new network namespace and return its exit code."""
    return subprocess.run([*_UNSHARE, *command], check=False).returncode


def current_namespace() -> str:
    """Return the name of this process's network namespace."""
    return str(_NAMESPACE.readlink())


def start_loopback(outside: str) -> None:
    """Start the loopback interface of this process's namespace.

    Raises
    ------
    StartError
        When the namespace is still `outside`.
    """
    if current_namespace() == outside:
        raise StartError("this process is in no namespace of its own")
    with socket.socket() as any_socket:
        request = struct.pack("16sh14s", b"lo", _IFF_UP, b"")
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, request)
