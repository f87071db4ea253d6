from __future__ import annotations

import socket

import pytest

from edge_lambda.errors import ConfigError
from edge_lambda.stream import ListenAddress


@pytest.mark.parametrize("text", ["8080", ":8080", "127.0.0.1", "127.0.0.1:x", "::1:80", "a:65536"])
def test_address_is_rejected_when_it_is_not_host_and_port(text: str) -> None:
    with pytest.raises(ConfigError, match=r"stream\.address: expected host:port.*, got '"):
        ListenAddress.parse(text)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 64])
def test_address_is_rejected_when_the_host_is_unknown(host: str) -> None:
    with pytest.raises(ConfigError, match=f"{host} is not an address of this machine"):
        ListenAddress.parse(f"{host}:80")


@pytest.mark.parametrize(
    ("text", "is_loopback", "family"),
    [
        ("127.0.0.1:0", True, socket.AF_INET),
        ("127.9.9.9:65535", True, socket.AF_INET),
        ("[::1]:80", True, socket.AF_INET6),
        ("localhost:80", True, socket.AF_INET),
        ("0.0.0.0:80", False, socket.AF_INET),
        ("[::]:80", False, socket.AF_INET6),
        ("192.0.2.1:80", False, socket.AF_INET),
    ],
)
def test_loopback_and_family_of_an_address(
    text: str, is_loopback: bool, family: socket.AddressFamily
) -> None:
    address = ListenAddress.parse(text)
    assert (address.is_loopback, address.family) == (is_loopback, family)


def test_address_is_not_loopback_when_it_is_link_local() -> None:
    assert not ListenAddress("fe80::1%eth0", 80).is_loopback


def test_name_is_an_ipv4_address_when_it_has_both(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 80, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert ListenAddress.parse("localhost:80") == ListenAddress("127.0.0.1", 80)
