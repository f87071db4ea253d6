"""Host and port of a network address, checked before anything connects to it."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv6Address

# Of DNS; letters of all languages, and the underscore, which cameras in home networks use.
_LABEL = r"[\w-]{1,63}"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")
_MAX_NAME = 253
_MAX_PORT = 65535


def read_host(text: str) -> tuple[str, int | None]:
    """Return the host and the port of ``host[:port]`` or ``[IPv6 address][:port]``.

    Raises
    ------
    ValueError
        When no machine can have this address. The message does not repeat `text`, which may be a
        part of a password.
    """
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        is_valid = bool(bracket) and _is_ipv6(host)
    else:
        host, colon, port = text.partition(":")
        rest, is_valid = colon + port, ":" not in port
    if not is_valid:
        raise ValueError("expected an IPv6 address in brackets, such as [fd00::1]")
    if not host:
        raise ValueError("the address has no host")
    if not text.startswith("[") and not _is_name_or_ipv4(host):
        raise ValueError("expected a host name or an IP address")
    if not rest:
        return host, None
    if not re.fullmatch(":[0-9]{1,5}", rest) or not 1 <= int(rest[1:]) <= _MAX_PORT:
        raise ValueError(f"expected a port from 1 to {_MAX_PORT} after the host")
    return host, int(rest[1:])


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def _is_name_or_ipv4(host: str) -> bool:
    if re.fullmatch("[0-9.]+", host):
        try:
            socket.inet_aton(host)
        except OSError:
            return False
        return True
    return len(host) <= _MAX_NAME and _NAME.fullmatch(host) is not None
