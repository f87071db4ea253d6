"""Serves moto with one DynamoDB request at a time.

moto copies all tables before a transaction and puts the copy back when one fails; a write that
comes in between breaks the copy or is lost. Run as ``python -P moto_server.py <port>``; with a
further word ``containers`` it answers the containers of this machine as well.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ROUTES = Path("/proc/net/route")
_BRIDGES = ("docker", "br-", "podman", "cni")  # how Docker and podman call their networks


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


def is_of_this_machine(peer: str, own: str, routes: str) -> bool:
    """Tell whether a connection comes from this machine or from a container on it.

    Parameters
    ----------
    peer, own : str
        The two addresses of the connection.
    routes : str
        The kernel's routes, as ``/proc/net/route`` has them.
    """
    address = ipaddress.ip_address(peer)
    if address.is_loopback or peer == own:
        return True
    return any(address in network for network in container_networks(routes))


def container_networks(routes: str) -> list[ipaddress.IPv4Network]:
    """Return the networks of Docker's and podman's bridges among the kernel's routes."""
    networks = []
    for line in routes.splitlines()[1:]:
        name, destination, *_, mask = line.split()[:8]
        if name.startswith(_BRIDGES):
            net, bits = (bytes.fromhex(word)[::-1] for word in (destination, mask))
            prefix = int.from_bytes(bits, "big").bit_count()
            networks.append(ipaddress.IPv4Network((int.from_bytes(net, "big"), prefix)))
    return networks


def _may_ask(request: socket.socket, client_address: tuple[str, int]) -> bool:
    routes = _ROUTES.read_text("ascii") if _ROUTES.exists() else ""
    return is_of_this_machine(client_address[0], request.getsockname()[0], routes)


def main() -> None:
    """Serve until killed, on the loopback address or for containers too."""
    moto = DomainDispatcherApplication(create_backend_app)
    containers = sys.argv[2:] == ["containers"]
    server = make_server(
        "0.0.0.0" if containers else "127.0.0.1",  # noqa: S104 - strangers are turned away
        int(sys.argv[1]),
        SerialTables(moto),
        threaded=True,
        request_handler=_QuietHandler,
    )
    if containers:
        server.verify_request = _may_ask  # type: ignore[method-assign,assignment]
    server.serve_forever()


if __name__ == "__main__":
    main()
