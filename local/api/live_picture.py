"""The live picture of the camera on this machine, under the URL of the REST API.

The dashboard shows it from its own origin. AWS has no such path: pictures stay with the camera.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import urllib3
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/live"
_PICTURES = "stream.mjpeg"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_TIMEOUT = urllib3.Timeout(connect=2.0, read=10.0)
_CHUNK_BYTES = 64 * 1024


class LivePicture:
    """Answers ``/live`` with the stream of the edge, and passes on every other request.

    Parameters
    ----------
    application : WSGI application
        Answers all other paths.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT)
        self._url: str | None = None

    def show(self, stream_url: str | None) -> None:
        """Show the stream of an edge from now on; None when the edge has ended."""
        self._url = stream_url

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        request = Request(environ)
        if request.path != PATH or request.method not in ("GET", "HEAD"):
            return self._application(environ, start_response)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        waiting = Response(
            "The camera is not running.\n", HTTPStatus.SERVICE_UNAVAILABLE, headers=_HEADERS
        )
        if self._url is None:
            return waiting
        try:
            stream = self._pool.request(
                request.method, urljoin(self._url, _PICTURES), preload_content=False
            )
        except urllib3.exceptions.HTTPError:
            return waiting
        if stream.status != HTTPStatus.OK:
            stream.close()
            return waiting
        kind = stream.headers["Content-Type"]
        if request.method == "HEAD":
            stream.close()
            return Response(content_type=kind, headers=_HEADERS)
        return Response(_pictures(stream), content_type=kind, headers=_HEADERS)


def _pictures(stream: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Yield the stream as it arrives, until either side ends it."""
    try:
        while chunk := stream.read1(_CHUNK_BYTES):
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError):  # the edge has ended
        return
    finally:
        stream.close()
