"""The Lambda Runtime API: the HTTP server that the runtime interface client talks to.

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

from werkzeug.wrappers import Request, Response

from local.network.http_server import HttpServer
from local.network.ports import LOOPBACK, listen, port_of

_PREFIX = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Answer:
    """The result of an invocation.

    Attributes
    ----------
    payload : bytes
        What the function returned, or its error, as JSON.
    error_type : str or None
        None when the function returned normally.
    """

    payload: bytes
    error_type: str | None = None

    @staticmethod
    def error(error_type: str, message: str) -> Answer:
        """Return the answer for a failure that the function could not report itself."""
        body = {"errorType": error_type, "errorMessage": message}
        return Answer(json.dumps(body).encode(), error_type)

    @staticmethod
    def reported(body: bytes) -> Answer:
        """Return the answer for an error that the runtime interface client reports."""
        return Answer(body, str(_decoded(body).get("errorType") or "Unhandled"))

    def error_message(self) -> str:
        """Return the error as one text, empty when there was none."""
        if self.error_type is None:
            return ""
        message = _decoded(self.payload).get("errorMessage")
        return f"{self.error_type}: {message}" if message else self.error_type


@dataclass
class Invocation:
    """One event for a function, and its answer when there is one."""

    payload: bytes
    function_arn: str
    timeout_s: float
    request_id: str
    started: threading.Event = field(default_factory=threading.Event)
    answer: Future[Answer] = field(default_factory=Future)

    def finish(self, answer: Answer) -> None:
        """Set the answer, unless there is one."""
        self.started.set()
        if not self.answer.done():
            self.answer.set_result(answer)


class RuntimeApi:
    """Serves one execution environment.

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
        listening = listen([0], "")
        self.address = f"{LOOPBACK}:{port_of(listening)}"
        self._server = HttpServer(Request.application(self._respond), listening)

    def submit(self, invocation: Invocation) -> None:
        """Give the function an event as soon as it asks for the next one."""
        with self._lock:
            if self._ended is None:
                self._waiting.put(invocation)
            else:
                invocation.finish(self._ended)

    def fail(self, error_type: str, message: str) -> None:
        """End the initialization and every invocation, because the process ended."""
        answer = Answer.error(error_type, message)
        self._initialize(answer)
        with self._lock:
            self._ended = answer
            unserved = [self._current]
            while not self._waiting.empty():
                unserved.append(self._waiting.get())
        for invocation in unserved:
            if invocation is not None:
                invocation.finish(answer)

    def close(self) -> None:
        """Stop serving."""
        self._waiting.put(None)  # ends the thread that waits on behalf of an ended process
        self._server.close()

    def _initialize(self, failure: Answer | None) -> None:
        if not self.initialized.done():
            self.initialized.set_result(failure)

    def _respond(self, request: Request) -> Response:
        path = request.path.removeprefix(_PREFIX)
        if path == "/invocation/next":
            return self._next()
        body = request.get_data()
        if path == "/init/error":
            self._initialize(Answer.reported(body))
            return Response(status=HTTPStatus.ACCEPTED)
        request_id, _, what = path.removeprefix("/invocation/").partition("/")
        current = self._current
        if current is None or current.request_id != request_id:
            return Response(status=HTTPStatus.BAD_REQUEST)
        current.finish(Answer(body) if what == "response" else Answer.reported(body))
        return Response(status=HTTPStatus.ACCEPTED)

    def _next(self) -> Response:
        self._initialize(None)
        invocation = self._current = self._waiting.get()
        if invocation is None:
            return Response(status=HTTPStatus.GONE)
        invocation.started.set()
        deadline_ms = int((time.time() + invocation.timeout_s) * 1000)
        return Response(
            invocation.payload,
            headers={
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                "Lambda-Runtime-Trace-Id": _trace_id(),
            },
            content_type="application/json",
        )


def _trace_id() -> str:
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0"


def _decoded(error: bytes) -> dict[str, object]:
    try:
        decoded = json.loads(error)
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}
