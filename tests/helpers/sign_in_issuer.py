"""An issuer that signs people in: the authorization code flow with PKCE, over HTTPS.

It signs everybody in without a password; a test decides what goes wrong.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import ssl
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.helpers.https_issuer import KEYS, running, server_context
from tests.helpers.token_issuer import AUDIENCE, token
from tests.helpers.waiting import LOOPBACK

CLIENT_ID = "dashboard"


@dataclass
class Behaviour:
    """What the issuer does.

    Attributes
    ----------
    claims : dict
        Of the access tokens, besides the usual ones.
    life_s : int
        What it says about their life; the token itself may say something else in ``claims``.
    refreshes : bool
        Whether it gives refresh tokens.
    error : str or None
        What it answers to a request for a code.
    state : str or None
        The state that it sends back, if not that of the request.
    token_status : int or None
        The status with which the token endpoint fails, as a proxy that knows no JSON.
    """

    claims: dict[str, Any] = field(default_factory=lambda: {"scope": "openid smile/admin"})
    life_s: int = 600
    refreshes: bool = False
    error: str | None = None
    state: str | None = None
    token_status: int | None = None


class SignInIssuer(ThreadingHTTPServer):
    """The issuer.

    Attributes
    ----------
    url : str
        Its URL, as in ``iss``.
    behaviour : Behaviour
        What it does from now on.
    authorized : list of dict
        The requests for a code.
    granted : list of dict
        The requests for tokens that it accepted.
    ended : list of dict
        The requests to end a session.
    """

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"https://{LOOPBACK}:{self.server_port}"
        self.reset()

    def reset(self) -> None:
        """Forget everything, and do what it should."""
        self.behaviour = Behaviour()
        self.authorized: list[dict[str, str]] = []
        self.granted: list[dict[str, str]] = []
        self.ended: list[dict[str, str]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.refresh_tokens: set[str] = set()

    def forget_codes(self) -> None:
        """Let every code expire."""
        self.codes.clear()

    @property
    def discovery(self) -> dict[str, Any]:
        """Its discovery document."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "authorization_endpoint": f"{self.url}/authorize?tenant=1",
            "token_endpoint": f"{self.url}/token",
            "end_session_endpoint": f"{self.url}/logout",
        }

    def grant(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Return new tokens, or None when the code, its verifier or the refresh token is wrong."""
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") not in self.refresh_tokens:
                return None
        else:
            asked = self.codes.pop(form.get("code", ""), None)  # a code works once
            challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            expected = urlsafe_b64encode(challenge).rstrip(b"=").decode()
            if asked is None or expected != asked["code_challenge"]:
                return None
            if form.get("redirect_uri") != asked["redirect_uri"]:
                return None
        if form.get("client_id") != CLIENT_ID:
            return None
        self.granted.append(form)
        own = {"aud": AUDIENCE, "jti": secrets.token_hex(8)} | self.behaviour.claims
        answer = {
            "access_token": token(iss=self.url, **own),
            "token_type": "Bearer",
            "expires_in": self.behaviour.life_s,
        }
        if self.behaviour.refreshes and form["grant_type"] != "refresh_token":
            answer["refresh_token"] = secrets.token_hex(8)
            self.refresh_tokens.add(answer["refresh_token"])
        return answer

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep broken connections out of the output."""


class _Handler(BaseHTTPRequestHandler):
    server: SignInIssuer

    def log_message(self, format: str, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        if url.path == "/.well-known/openid-configuration":
            self._answer(200, self.server.discovery)
        elif url.path == "/jwks":
            self._answer(200, KEYS)
        elif url.path == "/authorize":
            self._authorize(query)
        elif url.path == "/logout":
            self.server.ended.append(query)
            self._redirect(query["post_logout_redirect_uri"])
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        if (status := self.server.behaviour.token_status) is not None:
            self._answer(status, None)
            return
        granted = self.server.grant(form)
        if granted is None:
            self._answer(400, {"error": "invalid_grant"})
        else:
            self._answer(200, granted)

    def _authorize(self, query: dict[str, str]) -> None:
        server = self.server
        server.authorized.append(query)
        if query.get("code_challenge_method") != "S256" or query["response_type"] != "code":
            self._answer(400, {})
            return
        answer = {"state": server.behaviour.state or query["state"]}
        if server.behaviour.error is not None:
            answer["error"] = server.behaviour.error
        else:
            answer["code"] = secrets.token_hex(8)
            server.codes[answer["code"]] = query
        self._redirect(f"{query['redirect_uri']}?{urlencode(answer)}")

    def _redirect(self, url: str) -> None:
        self.send_response(302)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, document: dict[str, Any] | None) -> None:
        body = b"<h1>Bad gateway</h1>" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")  # as Amazon Cognito
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def sign_in_issuer(folder: Path) -> Iterator[SignInIssuer]:
    """Run an issuer; its certificate is of ``<folder>/root.crt``."""
    server = SignInIssuer(server_context(folder))
    with running(server):
        yield server
