"""The page with ``ApiAccess=jwt``: what it gets of the issuer, and what its policy allows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from smile_cloud.dashboard.settings import SignInSettings
from smile_cloud.dashboard.sign_in import Offer, SignIn
from smile_cloud.issuer.errors import IssuerError
from tests.helpers.functions import AWS_ENVIRONMENT, CONTEXT, ENVIRONMENT, load_function
from tests.helpers.rule_events import sample
from tests.helpers.sign_in_issuer import SignInIssuer, sign_in_issuer

ISSUER = "https://issuer.example/pool"
SETTINGS = SignInSettings(ISSUER, "dashboard", ("openid", "smile/read"), "smile-api")
DISCOVERY = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.example/authorize?tenant=1",
    "token_endpoint": "https://tokens.example:8443/token",
    "end_session_endpoint": "https://login.example/logout",
}


class Asked:
    """A sign-in whose issuer and clock a test decides."""

    def __init__(self, settings: SignInSettings = SETTINGS, **changed: Any) -> None:
        self.document: dict[str, Any] = {
            name: value for name, value in (DISCOVERY | changed).items() if value is not None
        }
        self.is_down = False
        self.now = 0.0
        self.urls: list[str] = []
        self.problems: list[str] = []
        self._sign_in = SignIn(settings, self._get, self.problems.append, lambda: self.now)

    def _get(self, url: str) -> Mapping[str, Any]:
        self.urls.append(url)
        if self.is_down:
            raise IssuerError("down")
        return self.document

    def offer(self, after_s: float = 0.0) -> Offer:
        self.now += after_s
        return self._sign_in.offer()


# --- what the page offers ------------------------------------------------------------------------


def test_the_page_gets_the_endpoints_and_what_to_send_them() -> None:
    asked = Asked()
    assert asked.offer() == Offer(
        {
            "client_id": "dashboard",
            "scope": "openid smile/read",
            "audience": "smile-api",
            "authorization_endpoint": "https://login.example/authorize?tenant=1",
            "token_endpoint": "https://tokens.example:8443/token",
            "end_session_endpoint": "https://login.example/logout",
        },
        "https://tokens.example:8443",
    )
    assert asked.urls == [f"{ISSUER}/.well-known/openid-configuration"]


def test_the_audience_is_not_asked_for_when_it_is_the_client() -> None:
    settings = SignInSettings(ISSUER, "dashboard", ("openid",), "dashboard")
    assert "audience" not in Asked(settings).offer().page


@pytest.mark.parametrize("endpoint", [None, "http://login.example/logout", 7])
def test_an_issuer_may_have_no_usable_address_to_sign_out(endpoint: Any) -> None:
    assert Asked(end_session_endpoint=endpoint).offer().page["end_session_endpoint"] is None


def test_nobody_is_asked_when_the_client_is_not_set() -> None:
    asked = Asked(SignInSettings(ISSUER, None, ("openid",), "smile-api"))
    assert asked.offer() == Offer({"problem": "not set up"})
    assert asked.urls == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"issuer": "https://other.example"}, "correct JwtIssuer"),
        ({"token_endpoint": None}, "names no token_endpoint that is an HTTPS URL"),
        ({"authorization_endpoint": "http://a.example/"}, "names no authorization_endpoint"),
        ({"token_endpoint": "https://a.example; script-src *"}, "names no token_endpoint"),
        ({"token_endpoint": "https://a.example,b.example/"}, "names no token_endpoint"),
        ({"token_endpoint": "https://*/"}, "names no token_endpoint"),
        ({"token_endpoint": "https://user@a.example/"}, "names no token_endpoint"),
        ({"token_endpoint": "https://a.example/\r\nX: 1"}, "names no token_endpoint"),
    ],
)
def test_an_unusable_document_is_a_problem_for_the_operator(
    changed: dict[str, Any], problem: str
) -> None:
    asked = Asked(**changed)
    assert asked.offer() == Offer({"problem": "away"}, is_away=True)
    assert len(asked.problems) == 1
    assert problem in asked.problems[0]


def test_the_endpoints_are_kept_and_asked_for_again() -> None:
    asked = Asked()
    asked.offer()
    asked.document["token_endpoint"] = "https://new.example/token"
    assert asked.offer(after_s=599).token_origin == "https://tokens.example:8443"
    assert asked.offer(after_s=1).token_origin == "https://new.example"
    assert len(asked.urls) == 2


def test_the_known_endpoints_go_on_while_the_issuer_is_down() -> None:
    asked = Asked()
    asked.offer()
    asked.is_down = True
    assert asked.offer(after_s=600).token_origin == "https://tokens.example:8443"
    assert asked.problems == ["down"]


def test_an_issuer_that_is_down_is_asked_once_in_ten_seconds() -> None:
    asked = Asked()
    asked.is_down = True
    assert asked.offer().is_away
    assert asked.offer(after_s=9).is_away
    assert len(asked.urls) == 1
    asked.is_down = False
    assert asked.offer(after_s=1).token_origin == "https://tokens.example:8443"


# --- the function --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def issuer(folder: Path) -> Iterator[SignInIssuer]:
    with sign_in_issuer(folder) as started:
        yield started


@pytest.fixture
def function(
    monkeypatch: pytest.MonkeyPatch, folder: Path, issuer: SignInIssuer
) -> Iterator[ModuleType]:
    """A cold start of the function, with the server as its issuer."""
    for name, value in (AWS_ENVIRONMENT | ENVIRONMENT | {"JWT_ISSUER": issuer.url}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "root.crt"))
    yield load_function("dashboard")


def get_page(function: ModuleType, **headers: str) -> tuple[int, dict[str, str], str]:
    event = sample("dashboard/page")
    event["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
    answer = function.handler(event, CONTEXT)
    return (
        answer["statusCode"],
        {name: value[0] for name, value in answer["multiValueHeaders"].items()},
        answer["body"],
    )


def policy_of(headers: dict[str, str]) -> dict[str, str]:
    parts = (one.strip() for one in headers["Content-Security-Policy"].split(";"))
    return dict(one.split(" ", 1) for one in parts)


def offered(html: str) -> dict[str, Any]:
    [text] = re.findall(r'<body data-sign-in="([^"]*)">', html)
    found: dict[str, Any] = json.loads(unescape(text))
    return found


def test_the_page_may_ask_one_other_origin_and_nothing_else_changes(
    function: ModuleType, issuer: SignInIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, headers, html = get_page(function)
    assert status == 200
    assert offered(html)["token_endpoint"] == f"{issuer.url}/token"
    assert offered(html)["client_id"] == ENVIRONMENT["JWT_CLIENT_ID"]
    signed = policy_of(headers)
    assert signed.pop("connect-src") == f"'self' {issuer.url}"
    monkeypatch.setenv("API_ACCESS", "key")
    _, headers, html = get_page(load_function("dashboard"))
    with_key = policy_of(headers)
    assert offered(html) == {}
    assert with_key.pop("connect-src") == "'self'"
    assert signed == with_key
    assert signed["trusted-types"] == "'none'"


@pytest.mark.parametrize("access", ["key", "AWS_IAM"])
def test_the_issuer_is_not_asked_where_nobody_signs_in(
    monkeypatch: pytest.MonkeyPatch, function: ModuleType, issuer: SignInIssuer, access: str
) -> None:
    monkeypatch.setenv("API_ACCESS", access)
    monkeypatch.setenv("JWT_ISSUER", "none")
    monkeypatch.setenv("JWT_AUDIENCE", "none")
    monkeypatch.setenv("JWT_CLIENT_ID", "none")
    status, headers, html = get_page(function)
    assert (status, offered(html)) == (200, {})
    assert policy_of(headers)["connect-src"] == "'self'"


def test_a_browser_keeps_the_page_until_the_endpoints_change(
    function: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, headers, _ = get_page(function)
    status, again, html = get_page(function, If_None_Match=headers["ETag"])
    assert (status, html) == (304, "")
    assert again["Content-Security-Policy"] == headers["Content-Security-Policy"]
    monkeypatch.setenv("JWT_CLIENT_ID", "other")
    assert get_page(load_function("dashboard"), If_None_Match=headers["ETag"])[0] == 200


def test_the_page_says_when_to_try_again_while_the_issuer_is_down(
    function: ModuleType, monkeypatch: pytest.MonkeyPatch, issuer: SignInIssuer
) -> None:
    monkeypatch.setenv("JWT_ISSUER", f"{issuer.url}/gone")
    status, headers, html = get_page(function)
    assert status == 503
    assert headers["Retry-After"] == "10"
    assert headers["Cache-Control"] == "no-store"
    assert "ETag" not in headers
    assert headers["Content-Type"].startswith("text/html"), "people see the page, which says it"
    assert offered(html) == {"problem": "away"}
    assert policy_of(headers)["connect-src"] == "'self'"


def test_the_page_says_that_the_client_is_missing(
    function: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWT_CLIENT_ID", "none")
    status, headers, html = get_page(function)
    assert (status, offered(html)) == (200, {"problem": "not set up"})
    assert policy_of(headers)["connect-src"] == "'self'"
