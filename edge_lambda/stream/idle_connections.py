"""Connections that have not sent a whole request yet."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress


class IdleConnections:
    """Knows which connection has been idle for longest, and ends it. Safe to use from threads."""

    def __init__(self) -> None:
        self._since_s: dict[socket.socket, float] = {}  # oldest first
        self._lock = threading.Lock()

    def add(self, connection: socket.socket) -> None:
        """Note a new connection."""
        with self._lock:
            self._since_s[connection] = time.monotonic()

    def remove(self, connection: socket.socket) -> None:
        """Note that a connection has sent a whole request, or has ended."""
        with self._lock:
            self._since_s.pop(connection, None)

    def end_late(self, limit_s: float) -> None:
        """End connections that have been idle for `limit_s`."""
        with self._lock:
            latest_s = time.monotonic() - limit_s
            for connection in [one for one, at_s in self._since_s.items() if at_s < latest_s]:
                self._end(connection)

    def end_oldest(self) -> bool:
        """End the connection that has been idle for longest; return False without any."""
        with self._lock:
            connection = next(iter(self._since_s), None)
            if connection is not None:
                self._end(connection)
            return connection is not None

    def _end(self, connection: socket.socket) -> None:
        del self._since_s[connection]
        with suppress(OSError):  # the client was faster
            connection.shutdown(socket.SHUT_RDWR)  # its thread ends, and frees its slot
