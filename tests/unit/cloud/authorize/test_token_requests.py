"""``authorize`` with ``ApiAccess=jwt``: a real HTTPS issuer, and the answers to API Gateway."""

from __future__ import annotations

import io
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from smile_cloud.authorize.errors import UnauthorizedError
from smile_cloud.issuer.documents import Documents
from smile_cloud.issuer.errors import IssuerError
from tests.helpers.functions import AWS_ENVIRONMENT, CONTEXT, ENVIRONMENT, load_function
from tests.helpers.https_issuer import IssuerServer, serving
from tests.helpers.token_issuer import EC_KEY, token

STAGE = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/dev"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[IssuerServer]:
    with serving(folder) as started:
        yield started


@pytest.fixture
def documents(folder: Path, server: IssuerServer) -> Documents:
    return Documents(ssl.create_default_context(cafile=folder / "root.crt"))


@pytest.fixture
def function(
    monkeypatch: pytest.MonkeyPatch, folder: Path, server: IssuerServer
) -> Iterator[ModuleType]:
    """A cold start of the function, with the server as its issuer."""
    variables = AWS_ENVIRONMENT | ENVIRONMENT | {"JWT_ISSUER": server.url}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "root.crt"))
    yield load_function("authorize")
    server.is_down = False


def ask(function: ModuleType, text: str) -> dict[str, Any]:
    event = {
        "type": "TOKEN",
        "authorizationToken": f"Bearer {text}",
        "methodArn": f"{STAGE}/GET/v1/events",
    }
    answer: dict[str, Any] = function.handler(event, CONTEXT)
    return answer


# --- the documents of the issuer ---------------------------------------------------------------


@pytest.mark.parametrize("path", ["/small", "/largest", "/to//small", "/to//to//small"])
def test_a_document_arrives_also_through_redirects(
    documents: Documents, server: IssuerServer, path: str
) -> None:
    assert documents.get(server.url + path) == {"a": 1}


@pytest.mark.parametrize("path", ["/too-large", "/list", "/text", "/latin", "/missing", "/to//to/"])
def test_a_document_of_another_form_is_an_error_of_the_issuer(
    documents: Documents, server: IssuerServer, path: str
) -> None:
    with pytest.raises(IssuerError, match=server.url):
        documents.get(server.url + path)


def test_a_document_is_never_fetched_without_https(
    documents: Documents, server: IssuerServer
) -> None:
    with serving(None) as plain:
        plain.documents["/small"] = b'{"a": 1}'
        for url in (
            f"{plain.url}/small",
            f"{server.url}/to/{plain.url}/small",
            f"{server.url}/to/file:///etc/hostname",
            "file:///etc/hostname",
            "None",
            "",
        ):
            with pytest.raises(IssuerError):
                documents.get(url)
        assert plain.asked == []


def test_a_server_is_not_trusted_when_its_certificate_is_unknown(server: IssuerServer) -> None:
    with pytest.raises(IssuerError, match="CERTIFICATE_VERIFY_FAILED"):
        Documents().get(f"{server.url}/small")


def test_a_server_that_sends_slowly_or_not_at_all_is_given_up_after_three_seconds(
    documents: Documents, server: IssuerServer
) -> None:
    started = time.monotonic()
    with pytest.raises(IssuerError, match="not complete after 3 s"):
        documents.get(f"{server.url}/slow")
    assert time.monotonic() - started < 6


# --- the function ------------------------------------------------------------------------------


def test_a_token_allows_its_scope_and_shares_the_limits_of_all_tokens(
    function: ModuleType, server: IssuerServer
) -> None:
    server.asked.clear()
    answer = ask(function, token(iss=server.url))
    [statement] = answer["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == [
        f"{STAGE}/{one}" for one in ("GET/*", "HEAD/*", "POST/v1/photos")
    ]
    assert answer["context"] == {"scope": "read"}
    assert answer["usageIdentifierKey"] == ENVIRONMENT["TOKEN_USAGE_KEY"]
    ask(function, token(EC_KEY, "ES256", "ec", iss=server.url))
    assert server.asked == ["/.well-known/openid-configuration", "/jwks"], "once for both"


def test_a_valid_token_without_a_scope_is_denied(
    function: ModuleType, server: IssuerServer
) -> None:
    answer = ask(function, token(iss=server.url, scope="openid"))
    [statement] = answer["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Deny", [f"{STAGE}/*"])


def test_a_refused_token_is_unauthorized_and_counted_but_not_logged(
    function: ModuleType, server: IssuerServer, capsys: pytest.CaptureFixture[str]
) -> None:
    expired = token(iss=server.url, exp=int(time.time()) - 3600)
    log = io.StringIO()
    function.logger.registered_handler.setStream(log)
    with pytest.raises(
        UnauthorizedError, match=r"^Unauthorized$"
    ):  # API Gateway looks for this text
        ask(function, expired)
    printed = capsys.readouterr().out + log.getvalue()
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [one["TokensRefused"] for one in lines if "TokensRefused" in one] == [[1.0]]
    assert [one["reason"] for one in lines if "reason" in one] == ["ExpiredSignatureError"]
    assert not any(part in printed for part in expired.split("."))


def test_an_issuer_that_is_down_is_an_error_and_no_refusal(
    function: ModuleType, server: IssuerServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.is_down = True
    with pytest.raises(IssuerError, match="503"):
        ask(function, token(iss=server.url))
    assert "TokensRefused" not in capsys.readouterr().out
    server.is_down = False
    assert ask(function, token(iss=server.url))["context"] == {"scope": "read"}


def test_an_api_key_is_no_token(function: ModuleType) -> None:
    event = {"authorizationToken": f"admin_{'k' * 40}", "methodArn": f"{STAGE}/GET/v1/events"}
    with pytest.raises(UnauthorizedError, match=r"^Unauthorized$"):
        function.handler(event, CONTEXT)
