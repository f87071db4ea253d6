"""What every function behind the REST API does alike: routes, methods, errors and headers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from smile_cloud.http.answers import problem_answer
from smile_cloud.http.base_path import without_base_path
from smile_cloud.http.cors import Cors
from smile_cloud.http.errors import RequestError

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Headers that an answer gets unless it has its own. Two years are what browsers' preload lists ask
# for: https://hstspreload.org
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
}
# The clients of AWS have repeated the call for about a second before this is sent.
RETRY_AFTER_S: Final = 2


class RestApi(APIGatewayRestResolver):
    """The routes of a function behind the REST API.

    Use ``get``, ``put``, ``patch``, ``post`` and ``delete`` as decorators. It adds what a client
    may expect of each path:

    * ``HEAD`` where there is ``GET``, and ``OPTIONS``, with preflights for the origins in
      ``API_ORIGINS``;
    * 405 with ``Allow`` for another method, 404 for another path;
    * a problem document for each error: 503 with ``Retry-After`` when AWS is busy, 500 otherwise;
    * security headers; paths without the base path of a custom domain.

    Parameters
    ----------
    logger : Logger
        Gets the causes that clients do not get.
    """

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self._cors_policy = Cors.from_environment(os.environ)
        self._methods: dict[str, set[str]] = {}
        self._elsewhere: dict[str, set[str]] = {}
        super().__init__()
        self.exception_handler(RequestError)(_on_request_error)
        self.exception_handler(Exception)(self._on_failure)
        self.not_found(self._on_no_route)

    @property
    def routes(self) -> Mapping[str, frozenset[str]]:
        """The methods of each path that this function answers, without ``HEAD`` and ``OPTIONS``."""
        return {rule: frozenset(methods) for rule, methods in self._methods.items()}

    @property
    def routes_elsewhere(self) -> Mapping[str, frozenset[str]]:
        """The methods of these paths that other functions answer."""
        return {rule: frozenset(methods) for rule, methods in self._elsewhere.items()}

    def route(
        self, rule: str, method: str | list[str] | tuple[str], *args: Any, **kwargs: Any
    ) -> Callable[..., Any]:
        """Add a route (decorator); ``get``, ``put``, ``patch``, ``post`` and ``delete`` call it."""
        methods = {method} if isinstance(method, str) else set(method)
        self._methods.setdefault(rule, set()).update(methods)
        return super().route(rule, method, *args, **kwargs)

    def elsewhere(self, method: str, rule: str) -> None:
        """Say that another function answers `method` of a path that has a route here.

        ``Allow`` then names it, although API Gateway never passes it to this function.
        """
        self._elsewhere.setdefault(rule, set()).add(method)

    def api_url(self) -> str:
        """Return the URL under which the client has reached the API, without a slash at its end.

        A variable cannot hold it: the API's definition names the function, so that the function
        cannot name the API. API Gateway always sets ``X-Forwarded-Proto``.
        """
        request = self.current_event
        scheme = request.headers.get("X-Forwarded-Proto", "http")
        return f"{scheme}://{request.request_context.domain_name}{self.api_path()}"

    def api_path(self) -> str:
        """Return what stands before the API's paths: the stage, a base path, or nothing."""
        full = (self.current_event.request_context.path or "").rstrip("/")
        return full.removesuffix(self.current_event.path)

    def resolve(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer one request."""
        path = without_base_path(event["path"], event.get("resource") or event["path"])
        method = event["httpMethod"]
        is_head = method == "HEAD"
        routed = {**event, "path": path, "httpMethod": "GET" if is_head else method}
        answer = super().resolve(routed, context)
        headers = answer.setdefault("multiValueHeaders", {})
        origin = self.current_event.headers.get("Origin")
        own = {name.lower() for name in headers}
        for name, value in (SECURITY_HEADERS | self._cors_policy.headers(origin)).items():
            if name == "Vary":  # what a route has named comes first
                headers[name] = [", ".join([*headers.get(name, ()), value])]
            elif name.lower() not in own:
                headers[name] = [value]
        return {**answer, "body": ""} if is_head else answer

    def _allowed(self, path: str) -> list[str]:
        """Return the methods of a path; empty when it is none of the API's."""
        found: set[str] = set()
        for routes in (self._methods, self._elsewhere):
            for rule, methods in routes.items():
                if re.fullmatch(f"{re.sub('<[^>]+>', '[^/]+', rule)}/*", path):
                    found |= methods
        if "GET" in found:
            found.add("HEAD")
        return sorted(found | {"OPTIONS"}) if found else []

    def _on_no_route(self, _error: Exception) -> Response[str]:
        request = self.current_event
        allowed = self._allowed(request.path)
        # The route exists if the method is allowed, but not for the characters of this path.
        is_odd = request.http_method in allowed and request.http_method != "OPTIONS"
        if not allowed or is_odd:
            detail = "No such path or method; see GET /v1/openapi.json."
            return problem_answer(HTTPStatus.NOT_FOUND, detail)
        headers = {"Allow": ", ".join(allowed)}
        if request.http_method == "OPTIONS":
            origin = request.headers.get("Origin")
            headers |= self._cors_policy.preflight_headers(origin, allowed)
            return Response(HTTPStatus.NO_CONTENT.value, None, "", headers=dict(headers))
        detail = f"This path has no {request.http_method}; use one of {', '.join(allowed)}."
        return problem_answer(HTTPStatus.METHOD_NOT_ALLOWED, detail, headers=headers)

    def _on_failure(self, error: Exception) -> Response[str]:
        from smile_cloud.http.busy import is_busy  # noqa: PLC0415 - most requests do not need it

        if is_busy(error):
            self._logger.warning("AWS is busy", exc_info=error)
            detail = f"The service is busy; repeat the request in {RETRY_AFTER_S} seconds."
            wait = {"Retry-After": str(RETRY_AFTER_S)}
            return problem_answer(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=wait)
        self._logger.error("request failed", exc_info=error)
        detail = "The request failed; try again in a moment."
        return problem_answer(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def _on_request_error(error: RequestError) -> Response[str]:
    return problem_answer(error.STATUS, str(error), error.problems, error.headers)
