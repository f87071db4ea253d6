"""Serves moto with one DynamoDB request at a time.

moto copies all tables before a transaction and puts the copy back when one fails; a write that
comes in between breaks the copy or is lost. Run as ``python -P moto_server.py <port>``.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, run_simple

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class SerialTables:
    """Lets requests for DynamoDB through one after the other, all others at once.

    Parameters
    ----------
    application : WSGI application
        What answers.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._turn = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        if str(environ.get("HTTP_X_AMZ_TARGET", "")).startswith("DynamoDB"):
            with self._turn:
                return list(self._application(environ, start_response))
        return self._application(environ, start_response)


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write no access log."""


def main() -> None:
    """Serve on the loopback address until killed."""
    moto = DomainDispatcherApplication(create_backend_app)
    run_simple(
        "127.0.0.1",
        int(sys.argv[1]),
        SerialTables(moto),
        threaded=True,
        request_handler=_QuietHandler,
    )


if __name__ == "__main__":
    main()
