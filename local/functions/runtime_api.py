"""The Lambda Runtime API, the side that the runtime interface client talks to.

Source: "Using the Lambda runtime API for custom runtimes", AWS Lambda Developer Guide.
"""

from __future__ import annotations

import json
import queue
import threading
import time
import uuid
from concurrent.futures import Future
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.processes.child import LOOPBACK

_PREFIX = "/2018-06-01/runtime"
# A synchronous response may have 6 MB; errors are smaller ("Lambda quotas").
_MAX_BODY_BYTES = 6 * 1024 * 1024 + 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What came of an invocation.

    Attributes
    ----------
    payload : bytes
        The function's JSON answer, or its error as JSON.
    error_type : str or None
        None when the function returned normally.
    """

    payload: bytes
    error_type: str | None = None

    @staticmethod
    def error(error_type: str, message: str) -> Answer:
        """Make the answer of a failure that the function could not report itself."""
        body = {"errorType": error_type, "errorMessage": message}
        return Answer(json.dumps(body).encode(), error_type)

    def error_message(self) -> str:
        """Return the error's text for people, empty when there was none."""
        if self.error_type is None:
            return ""
        try:
            message = str(json.loads(self.payload).get("errorMessage", ""))
        except (ValueError, AttributeError):
            message = ""
        return f"{self.error_type}: {message}" if message else self.error_type


@dataclass
class Invocation:
    """One event on its way through a function."""

    payload: bytes
    function_arn: str
    timeout_s: float
    request_id: str
    started: threading.Event = field(default_factory=threading.Event)
    answer: Future[Answer] = field(default_factory=Future)

    def settle(self, answer: Answer) -> None:
        """Set the answer, unless there is one."""
        self.started.set()
        if not self.answer.done():
            self.answer.set_result(answer)


class RuntimeApi:
    """Serves one execution environment on a port of its own.

    Attributes
    ----------
    address : str
        Host and port, for ``AWS_LAMBDA_RUNTIME_API``.
    initialized : Future of Answer or None
        Done when the function asks for its first event (None) or cannot start (an error).
    """

    def __init__(self) -> None:
        self.initialized: Future[Answer | None] = Future()
        self._waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._current: Invocation | None = None
        self._ended: Answer | None = None
        self._lock = threading.Lock()
        self._server = _Server((LOOPBACK, 0), _Handler, self)
        self.address = f"{LOOPBACK}:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever,
            args=(0.1,),
            name=f"runtime api {self.address}",
            daemon=True,
        ).start()

    def submit(self, invocation: Invocation) -> None:
        """Hand an event to the function when it asks for the next one."""
        with self._lock:
            if self._ended is None:
                self._waiting.put(invocation)
            else:
                invocation.settle(self._ended)

    def fail(self, error_type: str, message: str) -> None:
        """End the initialization and every invocation, because the process ended."""
        answer = Answer.error(error_type, message)
        if not self.initialized.done():
            self.initialized.set_result(answer)
        with self._lock:
            self._ended = answer
            unserved = [self._current]
            while not self._waiting.empty():
                unserved.append(self._waiting.get())
        for invocation in unserved:
            if invocation is not None:
                invocation.settle(answer)

    def close(self) -> None:
        """Stop serving."""
        self._waiting.put(None)  # frees the thread that waits for a process now gone
        self._server.shutdown()
        self._server.server_close()

    # --- for the handler ---

    def next(self) -> Invocation | None:
        """Wait for the next event; None when this server closes."""
        if not self.initialized.done():
            self.initialized.set_result(None)
        self._current = self._waiting.get()
        if self._current is not None:
            self._current.started.set()
        return self._current

    def settle(self, request_id: str, answer: Answer) -> bool:
        """Take an answer; False when no such invocation is under way."""
        current = self._current
        if current is None or current.request_id != request_id:
            return False
        current.settle(answer)
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], api: RuntimeApi
    ) -> None:
        super().__init__(address, handler)
        self.api = api

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet: the client was killed while it waited."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        """Write no access log."""

    def do_GET(self) -> None:
        if self.path != f"{_PREFIX}/invocation/next":
            self._reply(HTTPStatus.NOT_FOUND)
            return
        invocation = self.server.api.next()
        if invocation is None:
            self.close_connection = True
            return
        deadline_ms = int((time.time() + invocation.timeout_s) * 1000)
        self._reply(
            HTTPStatus.OK,
            invocation.payload,
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                "Lambda-Runtime-Trace-Id": _trace_id(),
            },
        )

    def do_POST(self) -> None:
        body = self._body()
        error_type = self.headers.get("Lambda-Runtime-Function-Error-Type", "Unhandled")
        path = self.path.removeprefix(_PREFIX)
        if path == "/init/error":
            if not self.server.api.initialized.done():
                self.server.api.initialized.set_result(Answer(body, error_type))
            self._reply(HTTPStatus.ACCEPTED, b'{"status":"OK"}')
            return
        request_id, _, what = path.removeprefix("/invocation/").partition("/")
        if what not in ("response", "error"):
            self._reply(HTTPStatus.NOT_FOUND)
            return
        answer = Answer(body) if what == "response" else Answer(body, _reported_type(body))
        taken = self.server.api.settle(request_id, answer)
        self._reply(HTTPStatus.ACCEPTED if taken else HTTPStatus.BAD_REQUEST, b'{"status":"OK"}')

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body[:_MAX_BODY_BYTES]
        return self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _MAX_BODY_BYTES))

    def _reply(
        self, status: HTTPStatus, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _reported_type(body: bytes) -> str:
    try:
        return str(json.loads(body)["errorType"])
    except (ValueError, KeyError, TypeError):
        return "Unhandled"


def _trace_id() -> str:
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0"
