"""Refuses requests that a web page of another site makes.

A page that a developer visits can send requests to 127.0.0.1. A browser names the page's site in
``Origin``. With DNS rebinding the page's own name leads to 127.0.0.1: then ``Host`` has that name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REFUSAL = "This server does not answer pages of other sites.\n"


class ForeignRefused:
    """Answers requests of other sites' pages with 403, without a header that lets a page read it.

    Parameters
    ----------
    application : WSGI application
        Answers all other requests.
    allowed_origins : iterable of str
        Sites, such as ``https://example.com``, whose pages may send requests.
    """

    def __init__(self, application: WSGIApplication, allowed_origins: Iterable[str] = ()) -> None:
        self._application = application
        self._allowed = frozenset(allowed_origins)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        origin = environ.get("HTTP_ORIGIN")
        if is_foreign(environ.get("HTTP_HOST", ""), None if origin in self._allowed else origin):
            return Response(REFUSAL, HTTPStatus.FORBIDDEN)(environ, start_response)
        return self._application(environ, start_response)


def is_loopback(name: str) -> bool:
    """Return whether a host name is ``localhost`` or a loopback address."""
    return name == "localhost" or (is_address(name) and ipaddress.ip_address(name).is_loopback)


def is_address(name: str) -> bool:
    """Return whether a host name is an IP address, so that no DNS server chose where it leads."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_foreign(
    host: str, origin: str | None, is_own_name: Callable[[str], bool] = is_loopback
) -> bool:
    """Return whether a request comes from a page of another site.

    Parameters
    ----------
    host : str
        The ``Host`` header; empty when there is none.
    origin : str or None
        The ``Origin`` header. Programs send none.
    is_own_name : callable
        Returns whether a host name without its port is one of this server.
    """
    if not is_own_name(_name(host)):
        return True
    return origin is not None and origin.lower() != f"http://{host}".lower()


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""
