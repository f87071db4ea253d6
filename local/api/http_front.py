"""API Gateway's REST proxy in small: routes, keys and proxy events, on the loopback address.

Source: "Lambda proxy integrations in API Gateway" and "Gateway response types for API Gateway",
Amazon API Gateway Developer Guide.
"""

from __future__ import annotations

import base64
import hmac
import json
import socket
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from local.api.proxy_event import proxy_event, raw_path
from local.cloudformation.api_spec import ApiSpec, Route
from local.cloudformation.gateway_response import GatewayResponse
from local.functions.runtime_api import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY_BYTES = 10 * 1024 * 1024  # "Amazon API Gateway quotas"
# What went wrong: the gateway's response type, its status, error type and message.
_ERRORS = {
    "no route": (
        "MISSING_AUTHENTICATION_TOKEN",
        HTTPStatus.FORBIDDEN,
        "MissingAuthenticationToken",
        "Missing Authentication Token",
    ),
    "no key": ("INVALID_API_KEY", HTTPStatus.FORBIDDEN, "Forbidden", "Forbidden"),
    "too large": (
        "REQUEST_TOO_LARGE",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "RequestTooLarge",
        "Request Too Long",
    ),
    "bad answer": (
        "API_CONFIGURATION_ERROR",
        HTTPStatus.BAD_GATEWAY,
        "InternalServerError",
        "Internal server error",
    ),
    "timeout": (
        "INTEGRATION_TIMEOUT",
        HTTPStatus.GATEWAY_TIMEOUT,
        "InternalServerError",
        "Endpoint request timed out",
    ),
}
_FIRST_5XX = 500

_ANSWER_KEYS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}

Invoke = Callable[[str, bytes], Answer]


class HttpFront:
    """The REST API of the template.

    Parameters
    ----------
    spec : ApiSpec
        Routes and who answers them.
    api_key : str
        What ``x-api-key`` must hold.
    invoke : callable
        Invokes a function by logical id with an event as JSON.
    on_problem : callable
        Told in one line of each failed or malformed answer.
    """

    def __init__(
        self, spec: ApiSpec, api_key: str, invoke: Invoke, on_problem: Callable[[str], None]
    ) -> None:
        self._spec = spec
        self._api_key = api_key
        self._invoke = invoke
        self._on_problem = on_problem

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        request = Request(environ)
        request.max_content_length = MAX_BODY_BYTES
        response = self.answer(request)
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
        return response(environ, start_response)

    def answer(self, request: Request) -> Response:
        """Route a request, check its key, invoke the function and turn its answer into HTTP."""
        found = self._find(request)
        if found is None:
            return self._error("no route")
        route, parameters = found
        if route.key_required and not self._has_key(request):
            return self._error("no key")
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            return self._error("too large")
        event = proxy_event(request, body, self._spec, route.resource, parameters)
        answer = self._invoke(route.function, json.dumps(event).encode())
        if answer.error_type is not None:
            self._on_problem(f"{route.function}: {answer.error_message()}")
            return self._error(
                "timeout" if answer.error_type == "Sandbox.Timedout" else "bad answer"
            )
        try:
            return response_of(json.loads(answer.payload))
        except (ValueError, TypeError) as error:
            self._on_problem(f"{route.function}: malformed Lambda proxy response: {error}")
            return self._error("bad answer")

    def _error(self, kind: str) -> Response:
        """Answer as the template wants it for the response type, else as API Gateway does."""
        response_type, status, name, message = _ERRORS[kind]
        own = self._spec.gateway_responses
        default = "DEFAULT_5XX" if status >= _FIRST_5XX else "DEFAULT_4XX"
        wanted = own.get(response_type) or own.get(default) or GatewayResponse()
        response = Response(wanted.body_for(message), status=wanted.status or status)
        response.headers["Content-Type"] = "application/json"
        response.headers.update(wanted.headers)
        response.headers["x-amzn-ErrorType"] = f"{name}Exception"
        return response

    def _find(self, request: Request) -> tuple[Route, dict[str, str]] | None:
        segments = [unquote(part) for part in raw_path(request).removeprefix("/").split("/")]
        for route in self._spec.routes:
            if route.method in (request.method, "ANY"):
                parameters = route.match(segments)
                if parameters is not None:
                    return route, parameters
        return None

    def _has_key(self, request: Request) -> bool:
        given = request.headers.get("x-api-key", "")
        return hmac.compare_digest(given.encode(), self._api_key.encode())


class HttpServer:
    """Serves a front in the background.

    Parameters
    ----------
    front : HttpFront
        The application.
    listening : socket
        Bound to the loopback address and listening; closed with this server.
    """

    def __init__(self, front: HttpFront, listening: socket.socket) -> None:
        host, port = listening.getsockname()
        self._listening = listening
        self._server = make_server(
            host,
            port,
            front,
            threaded=True,
            request_handler=_QuietHandler,
            fd=listening.fileno(),
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # it is a ThreadingMixIn
        threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="http front", daemon=True
        ).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._listening.close()


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write no access log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Write no error log: a client that hangs up is no news."""


def response_of(answer: object) -> Response:
    """Turn a function's proxy answer into HTTP.

    Parameters
    ----------
    answer : object
        What the function returned.

    Raises
    ------
    ValueError, TypeError
        When it is no proxy answer: API Gateway then says 502.
    """
    if not isinstance(answer, Mapping):
        raise TypeError("expected an object")
    unknown = sorted(str(key) for key in set(answer) - _ANSWER_KEYS)
    if unknown:
        raise ValueError(f"unknown keys {', '.join(unknown)}")
    if "statusCode" not in answer:
        raise ValueError("no statusCode")
    status = int(answer["statusCode"])
    body = answer.get("body")
    if body is not None and not isinstance(body, str):
        raise TypeError("body must be a text")
    data = (body or "").encode("utf-8")
    if answer.get("isBase64Encoded"):
        data = base64.b64decode(data, validate=True)
    response = Response(data, status=status)
    response.headers.clear()
    for name, value in _headers(answer):
        response.headers.add(name, value)
    response.headers.setdefault("Content-Type", "application/json")  # API Gateway's default
    return response


def _headers(answer: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    merged: dict[str, tuple[str, list[str]]] = {}
    for name, value in (answer.get("headers") or {}).items():
        merged[name.lower()] = (name, [str(value)])
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        merged[name.lower()] = (name, [str(value) for value in values])
    for name, values in merged.values():
        if name.lower() == "content-length":
            continue  # it is counted here
        yield from ((name, value) for value in values)
