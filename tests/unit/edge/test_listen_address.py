"""Where the project stream listens, as people write it."""

from __future__ import annotations

import pytest

from edge_lambda.errors import ConfigError
from edge_lambda.stream import ListenAddress


@pytest.mark.parametrize("text", ["8080", ":8080", "127.0.0.1", "127.0.0.1:x", "::1:80", "a:99999"])
def test_address_is_refused_when_it_is_none(text: str) -> None:
    with pytest.raises(ConfigError, match=r"stream\.address: expected host:port"):
        ListenAddress.parse(text)


def test_name_is_refused_when_nobody_knows_it() -> None:
    with pytest.raises(ConfigError, match=r"no-such-host\.invalid is no address"):
        ListenAddress.parse("no-such-host.invalid:80")


@pytest.mark.parametrize(
    ("text", "is_loopback"),
    [
        ("127.0.0.1:0", True),
        ("127.9.9.9:80", True),
        ("[::1]:80", True),
        ("localhost:80", True),
        ("0.0.0.0:80", False),
        ("[::]:80", False),
        ("192.0.2.1:80", False),
    ],
)
def test_loopback_is_known_however_it_is_written(text: str, is_loopback: bool) -> None:
    assert ListenAddress.parse(text).is_loopback is is_loopback
