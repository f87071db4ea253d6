"""TCP ports of this machine."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Sequence

from local.errors import StartError

LOOPBACK = "127.0.0.1"
_BACKLOG = 128


def free_port() -> int:
    """Return a port of the loopback address that is free now."""
    with listen([0], "") as probe:
        return port_of(probe)


def checked_port(port: int, flag: str, host: str = LOOPBACK) -> int:
    """Return a port if a server can listen on it.

    Raises
    ------
    StartError
        When the port is in use; `flag` names the option that chooses another one.
    """
    listen([port], flag, host).close()
    return port


def listen(ports: Sequence[int], flag: str, host: str = LOOPBACK) -> socket.socket:
    """Listen on the first of `ports` that is free; 0 stands for any.

    Raises
    ------
    StartError
        When none is free; `flag` names the option that chooses another one.
    """
    for port in ports:
        try:
            return socket.create_server((host, port), backlog=_BACKLOG)
        except OSError as error:
            failure = error
    if failure.errno != errno.EADDRINUSE:
        raise StartError(f"port {ports[-1]} cannot be used: {failure.strerror}")
    which = f"port {ports[0]} is" if len(ports) == 1 else f"ports {ports[0]} to {ports[-1]} are"
    raise StartError(f"{which} in use; choose another with {flag}")


def port_of(listening: socket.socket) -> int:
    """Return the port of a listening socket."""
    return int(listening.getsockname()[1])


def is_listening(port: int) -> bool:
    """Return whether a server accepts connections on the loopback address."""
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), 1):
        return True
    return False
