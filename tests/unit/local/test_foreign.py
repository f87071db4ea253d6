"""Which requests come from pages of other sites."""

from __future__ import annotations

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from local.network.foreign import ForeignRefused, is_foreign

HOST = "127.0.0.1:8000"


@pytest.mark.parametrize("host", [HOST, "localhost:8000", "LOCALHOST.", "[::1]:8000", "127.0.0.9"])
def test_request_is_own_when_it_names_this_machine(host: str) -> None:
    assert not is_foreign(host, None)


@pytest.mark.parametrize(
    "host",
    ["evil.example:8000", "127.0.0.1.evil.example", "evil.example@x", "", "[::1", "10.0.0.1", "."],
)
def test_request_is_foreign_when_it_names_another_host(host: str) -> None:
    assert is_foreign(host, None)


@pytest.mark.parametrize(
    ("origin", "foreign"),
    [
        (None, False),
        ("http://127.0.0.1:8000", False),
        ("HTTP://127.0.0.1:8000", False),
        ("http://127.0.0.1:9000", True),
        ("http://localhost:8000", True),
        ("https://127.0.0.1:8000", True),
        ("https://evil.example", True),
        ("null", True),
        ("", True),
    ],
)
def test_request_is_foreign_when_another_origin_sends_it(origin: str | None, foreign: bool) -> None:
    assert is_foreign(HOST, origin) is foreign


@pytest.mark.parametrize(
    ("origin", "status"), [("https://dashboard.example", 200), ("https://evil.example", 403)]
)
def test_origin_is_answered_when_it_is_allowed(origin: str, status: int) -> None:
    guarded = ForeignRefused(Response("secret"), ["https://dashboard.example"])
    response = Client(guarded).get("/", base_url=f"http://{HOST}", headers={"Origin": origin})
    assert response.status_code == status
    assert ("secret" in response.text) is (status == 200)
