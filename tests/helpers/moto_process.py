"""Serves moto with one DynamoDB request at a time.

moto copies all tables before a transaction and restores the copy when it fails. A write in between
breaks the copy or is lost. Run as ``python -P moto_process.py <port>``.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import rsa
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sns.models import Subscription
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class SerialTables:
    """Passes requests for DynamoDB on one by one, all others at once.

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
    def log(self, type: str, message: str, *args: Any) -> None:
        """Write no access log."""


def main() -> None:
    """Serve until killed."""
    # One key signs the messages of all topics: moto makes one for each subscription, in 0.2 s.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    Subscription.private_key = lambda _: key
    server = make_server(
        "127.0.0.1",
        int(sys.argv[1]),
        SerialTables(DomainDispatcherApplication(create_backend_app)),
        threaded=True,
        request_handler=_QuietHandler,
    )
    server.serve_forever()


if __name__ == "__main__":
    main()
