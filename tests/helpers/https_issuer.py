"""A real HTTPS server of an issuer on this machine, with good documents and bad ones."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.helpers.certificates import certificate
from tests.helpers.token_issuer import EC_KEY, RSA_KEY, public
from tests.helpers.waiting import LOOPBACK

KEYS = {"keys": [public(RSA_KEY, kid="rsa"), public(EC_KEY, kid="ec")]}
SMALL = b'{"a": 1}'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    server: IssuerServer

    def log_message(self, format: str, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.is_down:
            self._answer(503, b"{}")
        elif self.path == "/slow":
            self._drip()
        elif self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        else:
            body = self.server.documents.get(self.path)
            self._answer(404 if body is None else 200, body or b"{}")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        """Send a byte every tenth of a second, so that no single read times out."""
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(100):
                self.wfile.write(b" ")
                time.sleep(0.1)
        except OSError:
            pass


class IssuerServer(ThreadingHTTPServer):
    """Serves the documents, each as bytes by path."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.asked: list[str] = []
        self.is_down = False
        scheme = "http"
        if context is not None:
            scheme = "https"
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{scheme}://{LOOPBACK}:{self.server_port}"
        discovery = {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}
        self.documents = {
            "/.well-known/openid-configuration": json.dumps(discovery).encode(),
            "/jwks": json.dumps(KEYS).encode(),
            "/small": SMALL,
            "/largest": SMALL + b" " * (64 * 1024 - len(SMALL)),
            "/too-large": SMALL + b" " * (64 * 1024 - len(SMALL) + 1),
            "/list": b"[]",
            "/text": b"not json",
            "/latin": b'"\xe4"',
        }

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep refused handshakes out of the output."""


@contextmanager
def serving(folder: Path | None) -> Iterator[IssuerServer]:
    """Serve with a certificate of ``<folder>/root.crt``, or without TLS."""
    server = IssuerServer(None if folder is None else server_context(folder))
    with running(server):
        yield server


def server_context(folder: Path) -> ssl.SSLContext:
    """Return the TLS of a server whose certificate is of ``<folder>/root.crt``, which it makes."""
    certificate(folder, "server", certificate(folder, "root"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.secret")
    return context


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve in a thread."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
