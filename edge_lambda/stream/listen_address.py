"""The address on which the project stream listens."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import ip_address

from edge_lambda.errors import ConfigError

_HOST_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]/@\s]+)):([0-9]{1,5})")
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Host and port on this machine.

    Attributes
    ----------
    host : str
        IP address.
    port : int
        0 for any free port.
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> ListenAddress:
        """Read ``host:port`` or ``[IPv6]:port``.

        Raises
        ------
        ConfigError
            When the text has another form or the host is unknown.
        """
        match = _HOST_PORT.fullmatch(text)
        if match is None or int(match[3]) > _MAX_PORT:
            raise ConfigError(
                f"stream.address: expected host:port, such as 127.0.0.1:8080, got {text!r}"
            )
        host = match[1] or match[2]
        try:
            found = socket.getaddrinfo(host, int(match[3]), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise ConfigError(f"stream.address: {host} is not an address of this machine") from None
        # IPv4 first, because most tools expect "localhost" there.
        _, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        return cls(str(address[0]), int(match[3]))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        return ip_address(self.host).is_loopback

    @property
    def family(self) -> socket.AddressFamily:
        """The address family of the socket."""
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET


def is_loopback_name(host_header: str) -> bool:
    """Return whether an HTTP Host header is ``localhost`` or a loopback address.

    This rejects DNS rebinding: a foreign page whose name resolves to 127.0.0.1 sends its own name.
    """
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:]+)(?::[0-9]+)?", host_header.strip())
    if match is None:
        return False
    host = match[1].strip("[]").rstrip(".").lower()
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
