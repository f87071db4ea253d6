"""Serves a WSGI application from a thread of this process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

from local.network.foreign import ForeignRefused

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_POLL_S = 0.1  # how soon it notices that it should stop


class QuietHandler(WSGIRequestHandler):
    """Keeps connections open and writes no log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Write nothing: the functions log their own errors, and clients may disconnect."""


class HttpServer:
    """A server with a thread for each connection, which refuses pages of other sites.

    Parameters
    ----------
    application : WSGI application
        What answers.
    listening : socket
        A listening socket; this server closes it.
    allowed_origins : sequence of str
        Sites, such as ``https://example.com``, whose pages may send requests.
    """

    def __init__(
        self,
        application: WSGIApplication,
        listening: socket.socket,
        allowed_origins: Sequence[str] = (),
    ) -> None:
        host, port = listening.getsockname()
        self._listening = listening
        self._server = make_server(
            host,
            port,
            ForeignRefused(application, allowed_origins),
            threaded=True,
            request_handler=QuietHandler,
            fd=listening.fileno(),
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # a ThreadingMixIn
        threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name=f"http {port}", daemon=True
        ).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._listening.close()
