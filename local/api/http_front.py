"""API Gateway's REST proxy: routes, API keys, proxy events and answers.

Source: "Lambda proxy integrations in API Gateway" and "Gateway response types for API Gateway",
Amazon API Gateway Developer Guide.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from local.api.access import Access, Invoke
from local.api.proxy_event import proxy_event, raw_path
from local.cloudformation.api_spec import ApiSpec, Route
from local.cloudformation.gateway_response import GatewayResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY_BYTES = 10 * 1024 * 1024  # "Amazon API Gateway quotas"
MAX_EVENT_BYTES = 6 * 1024 * 1024  # "Lambda quotas": request of a synchronous invocation
# What went wrong: the gateway's response type, its status, error type and message.
_ERRORS = {
    "no route": (
        "MISSING_AUTHENTICATION_TOKEN",
        HTTPStatus.FORBIDDEN,
        "MissingAuthenticationToken",
        "Missing Authentication Token",
    ),
    "no token": ("UNAUTHORIZED", HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized"),
    "denied": (
        "ACCESS_DENIED",
        HTTPStatus.FORBIDDEN,
        "AccessDenied",
        "User is not authorized to access this resource",
    ),
    "authorizer failed": (
        "AUTHORIZER_FAILURE",
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "AuthorizerConfiguration",
        "Internal server error",
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
_PARAMETER = re.compile(r"\{(\w+)(\+?)\}")


class HttpFront:
    """The REST API of the template, a WSGI application.

    Parameters
    ----------
    spec : ApiSpec
        Routes and the functions behind them.
    keys : collection of str
        The values that ``x-api-key`` may have, or that an authorizer may name.
    invoke : callable
        Invokes a function by logical id with an event as JSON.
    on_problem : callable
        Called with one line for each failed or malformed answer.
    """

    def __init__(
        self,
        spec: ApiSpec,
        keys: Collection[str],
        invoke: Invoke,
        on_problem: Callable[[str], None],
    ) -> None:
        self._spec = spec
        self._access = Access(spec, keys, invoke)
        self._invoke = invoke
        self._on_problem = on_problem
        # A method of its own goes before ANY.
        routes = sorted(spec.routes, key=lambda one: one.method == "ANY")
        # As on AWS, a slash at the end changes nothing: https://github.com/aws/aws-sam-cli/pull/1495
        rules = [_rule(route) for route in routes]
        self._paths = Map(rules, merge_slashes=False, strict_slashes=False).bind("")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        request = Request(environ)
        request.max_content_length = MAX_BODY_BYTES
        try:
            response = self.answer(request)
        except ClientDisconnected:  # nobody gets an answer; the server would print a traceback
            response = Response(status=HTTPStatus.BAD_REQUEST)
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
        return response(environ, start_response)

    def answer(self, request: Request) -> Response:
        """Find the route, check the key, invoke the function and return its answer as HTTP."""
        found = self._find(request)
        if found is None:
            return self._error("no route")
        route, parameters = found
        if (why := self._access.refusal(route, request)) is not None:
            return self._error(why)
        try:
            body = request.get_data(cache=False)
            event = proxy_event(request, body, self._spec, route.resource, parameters)
            payload = _checked_size(json.dumps(event).encode())
        except RequestEntityTooLarge:
            return self._error("too large")
        answer = self._invoke(route.function, payload)
        if answer.error_type is not None:
            self._on_problem(f"{route.function}: {answer.error_message()}")
            timed_out = answer.error_type == "Sandbox.Timedout"
            return self._error("timeout" if timed_out else "bad answer")
        try:
            return response_of(json.loads(answer.payload))
        except (ValueError, TypeError) as error:
            self._on_problem(f"{route.function}: malformed Lambda proxy response: {error}")
            return self._error("bad answer")

    def _error(self, kind: str) -> Response:
        """Return the template's response for an error, else API Gateway's own."""
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
        try:
            route, parameters = self._paths.match(raw_path(request), request.method)
        except HTTPException:
            return None
        return route, {name: unquote(value) for name, value in parameters.items()}


def _checked_size(payload: bytes) -> bytes:
    if len(payload) > MAX_EVENT_BYTES:
        raise RequestEntityTooLarge
    return payload


def _rule(route: Route) -> Rule:
    """Return a route in the form of werkzeug: ``{name}`` as ``<name>``, ``{name+}`` greedy."""
    path = _PARAMETER.sub(lambda m: f"<path:{m[1]}>" if m[2] else f"<{m[1]}>", route.resource)
    rule = Rule(path, endpoint=route, methods=None if route.method == "ANY" else [route.method])
    if rule.methods is not None and route.method != "HEAD":
        rule.methods.discard("HEAD")  # werkzeug adds it to GET
    return rule


def response_of(answer: object) -> Response:
    """Return a function's answer as HTTP.

    Parameters
    ----------
    answer : object
        What the function returned.

    Raises
    ------
    ValueError, TypeError
        When it is not a proxy answer; API Gateway then responds with 502.
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
        raise TypeError("the body must be a text")
    data = (body or "").encode("utf-8")
    if answer.get("isBase64Encoded"):
        data = base64.b64decode(data, validate=True)
    response = Response(data, status=status, content_type="application/json")  # the default
    for name, values in _headers(answer).items():
        response.headers.setlist(name, values)
    return response


def _headers(answer: Mapping[str, Any]) -> dict[str, list[str]]:
    merged = {name: [str(value)] for name, value in (answer.get("headers") or {}).items()}
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        merged = {key: value for key, value in merged.items() if key.lower() != name.lower()}
        merged[name] = [str(value) for value in values]
    return {name: values for name, values in merged.items() if name.lower() != "content-length"}
