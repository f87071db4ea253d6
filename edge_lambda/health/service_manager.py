"""Messages to systemd: ready, alive, stopping (https://www.freedesktop.org/software/systemd/man/sd_notify.html)."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class ServiceManager:
    """Sends messages to the socket that systemd names; without one it does nothing.

    Parameters
    ----------
    environment : mapping
        ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC`` of a unit with ``Type=notify``.

    Attributes
    ----------
    watchdog_s : float or None
        systemd restarts the service when it hears nothing for this long.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ is an abstract address.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        usec = environment.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(usec) / 1e6 if usec.isdigit() and int(usec) else None

    def notify(self, *lines: str) -> None:
        """Send ``READY=1``, ``WATCHDOG=1``, ``STATUS=…`` or ``STOPPING=1``."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.setblocking(False)
                channel.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            return  # systemd restarts a service that it does not hear
