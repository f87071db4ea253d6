"""The project stream over HTTP: a page, a motion JPEG and single pictures."""

from __future__ import annotations

import errno
import hmac
import json
import logging
import select
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from edge_lambda.errors import ConfigError
from edge_lambda.stream.idle_connections import IdleConnections
from edge_lambda.stream.listen_address import ListenAddress, is_loopback_name
from edge_lambda.stream.page import CONTENT_SECURITY_POLICY, health_line, page
from edge_lambda.stream.project_stream import ProjectStream

_log = logging.getLogger(__name__)
_BOUNDARY = "frame"
_MAX_CONNECTIONS = 16
_SEND_TIMEOUT_S = 10.0
_HEAD_TIMEOUT_S = 5.0
_SLOT_S = 0.5  # how long a connection waits for the slot of one that was ended
_POLL_S = 1.0
_SNAPSHOT_TIMEOUT_S = 5.0
_SEND_BUFFER_BYTES = 128 * 1024  # small, so that a slow client gets new pictures, not old ones


class StreamServer:
    """Serves a project stream from its own threads.

    Parameters
    ----------
    stream : ProjectStream
    address : ListenAddress
    title : str
        Device id.
    token : str or None
        Required in the address as ``?token=…``. None is allowed on a loopback address only.

    Raises
    ------
    ConfigError
        When other machines could connect without a token, or the address cannot be used.
    """

    def __init__(
        self, stream: ProjectStream, address: ListenAddress, title: str, token: str | None = None
    ) -> None:
        if not address.is_loopback and token is None:
            raise ConfigError(
                f"stream.address: other machines can reach {address.host}: expected a loopback "
                "address such as 127.0.0.1:8080, or a stream.token (SMILE_STREAM_TOKEN)"
            )
        try:
            self._server = _Server(stream, address, title, token)
        except OSError as error:
            raise ConfigError(f"stream.address: {_listen_problem(error, address)}") from None
        self.port: int = self._server.server_address[1]
        host = f"[{address.host}]" if ":" in address.host else address.host
        self.url = f"http://{host}:{self.port}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.2,), name="stream server", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _listen_problem(error: OSError, address: ListenAddress) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {address.port} is in use: choose another one, or 0 for any free port"
    if error.errno == errno.EACCES:
        return f"port {address.port} is not allowed: choose 1024 or higher"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{address.host} is not an address of this machine"
    return f"cannot listen on {address.host}: {(error.strerror or str(error)).lower()}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 16

    def __init__(
        self, stream: ProjectStream, address: ListenAddress, title: str, token: str | None
    ) -> None:
        self.stream = stream
        self.title = title
        self.token = token
        self.address_family = address.family
        self._slots = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        self.idle = IdleConnections()
        super().__init__((address.host, address.port), _Handler)

    def server_bind(self) -> None:
        # Not the method of the parent class, which looks up the host name in the DNS.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._slots.acquire(blocking=False) and not self._slots.acquire(
            timeout=_SLOT_S if self.idle.end_oldest() else 0
        ):
            self.shutdown_request(request)
            return
        self.idle.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.idle.remove(request)
            self._slots.release()

    def service_actions(self) -> None:
        """End connections that take too long to send a request."""
        self.idle.end_late(_HEAD_TIMEOUT_S)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        # Most often the client is gone, or too slow for too long.
        _log.debug("stream client failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "smile-edge"
    sys_version = ""
    timeout = _SEND_TIMEOUT_S
    _headers: ClassVar[dict[str, str]] = {
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",  # the address may contain the token
        "X-Content-Type-Options": "nosniff",
        "Connection": "close",
    }

    def do_GET(self) -> None:
        """Respond to a request."""
        self.server.idle.remove(self.connection)
        try:
            parts = urlsplit(self.path)
        except ValueError:
            self._send_text(HTTPStatus.BAD_REQUEST, "Expected a path such as /.")
            return
        if not self._is_authorized(parts.query):
            return
        if parts.path == "/":
            text = page(self.server.title, self.server.token)
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", text.encode())
        elif parts.path == "/stream.mjpeg":
            self._stream()
        elif parts.path == "/snapshot.jpg":
            self._snapshot()
        elif parts.path == "/health.json":
            self._health()
        else:
            expected = "Expected /, /stream.mjpeg, /snapshot.jpg or /health.json."
            self._send_text(HTTPStatus.NOT_FOUND, expected)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server requires

    def _is_authorized(self, query: str) -> bool:
        token, host = self.server.token, self.headers.get("Host", "")
        origin = self.headers.get("Origin")  # browsers name the page that asks, if it is another's
        if origin is not None and origin.lower() != f"http://{host}".lower():
            self._send_text(HTTPStatus.FORBIDDEN, "Pages of other sites may not read this.")
            return False
        if token is None:
            if is_loopback_name(host):
                return True
            self._send_text(HTTPStatus.FORBIDDEN, "Use the address that the device logged.")
            return False
        given = parse_qs(query).get("token", [""])[-1]
        if hmac.compare_digest(given.encode(), token.encode()):
            return True
        self._send_text(HTTPStatus.FORBIDDEN, "Expected the stream token of the device: /?token=…")
        return False

    def _stream(self) -> None:
        self._start(HTTPStatus.OK, f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        if self.command == "HEAD":
            return
        stream = self.server.stream
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        # Send the boundary right after each picture: browsers show a picture when it arrives.
        self.wfile.write(f"--{_BOUNDARY}\r\n".encode())
        number = 0
        with stream.watching():
            while not stream.is_closed:
                newest = stream.newer_than(number, _POLL_S)
                if newest is None:
                    if self._is_gone():
                        return
                    continue
                number, picture = newest
                self.wfile.write(
                    f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n".encode()
                    + picture
                    + f"\r\n--{_BOUNDARY}\r\n".encode()
                )

    def _is_gone(self) -> bool:
        """Return whether the client has disconnected, without sending anything."""
        poll = select.poll()  # MSG_DONTWAIT would wait: the connection has a timeout
        poll.register(self.connection, select.POLLIN)
        return bool(poll.poll(0)) and not self.connection.recv(1, socket.MSG_PEEK)

    def _snapshot(self) -> None:
        stream = self.server.stream
        with stream.watching():
            newest = stream.newer_than(0, _SNAPSHOT_TIMEOUT_S)
        if newest is None:
            self._send_text(
                HTTPStatus.SERVICE_UNAVAILABLE, "The camera sends no picture at the moment."
            )
        else:
            self._send(HTTPStatus.OK, "image/jpeg", newest[1])

    def _health(self) -> None:
        fields = dict(self.server.stream.health())
        body = json.dumps(fields | {"text": health_line(fields)})
        self._send(HTTPStatus.OK, "application/json", body.encode())

    def _send_text(self, status: HTTPStatus, text: str) -> None:
        self._send(status, "text/plain; charset=utf-8", f"{text}\n".encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self._start(status, kind, len(body))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _start(self, status: HTTPStatus, kind: str, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if kind.startswith("text/html"):
            self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        for name, value in self._headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing, because the address may contain the token."""
