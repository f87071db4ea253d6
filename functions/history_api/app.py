"""``history_api``: answer the REST API. API Gateway invokes it with the proxy integration."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from smile_cloud.history_api.errors import NotFoundError, ParameterProblem, QueryError
from smile_cloud.history_api.problem import CONTENT_TYPE, problem
from smile_cloud.history_api.requests import GetEvent, ListEvents
from smile_cloud.history_api.service import HistoryApiService
from smile_cloud.history_api.settings import HistoryApiSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
app = APIGatewayRestResolver()


@lru_cache(maxsize=1)
def service() -> HistoryApiService:
    """Return the service of this execution environment."""
    return HistoryApiService.from_settings(HistoryApiSettings.from_environment(os.environ))


@app.get("/v1/events")
def list_events() -> Response[str]:
    """Return a page of events, newest first."""
    request = ListEvents.parse(app.current_event.resolved_query_string_parameters)
    return _answer(service().handle(request))


@app.get("/v1/devices/<device>/events/<event_id>")
def get_event(device: str, event_id: str) -> Response[str]:
    """Return one event."""
    request = GetEvent.parse(unquote(device), unquote(event_id))
    return _answer(service().handle(request))


@app.get("/v1/openapi.json")
def get_openapi() -> Response[str]:
    """Return the OpenAPI document; its server is the one that received the request."""
    document = json.loads(Path(__file__).with_name("openapi.json").read_text("utf-8"))
    stage_path = app.current_event.request_context.path or ""
    document["servers"] = [{"url": stage_path.removesuffix(app.current_event.path) or "/"}]
    return _answer(document, cache="max-age=300")


@app.exception_handler(QueryError)  # type: ignore[untyped-decorator]
def on_query_error(error: QueryError) -> Response[str]:
    """Return 400 and say how to change each invalid parameter."""
    return _problem(HTTPStatus.BAD_REQUEST, str(error), error.problems)


@app.exception_handler(NotFoundError)  # type: ignore[untyped-decorator]
def on_event_not_found(error: NotFoundError) -> Response[str]:
    """Return 404 for an event."""
    return _problem(HTTPStatus.NOT_FOUND, str(error))


@app.not_found
def on_unknown_path(_error: Exception) -> Response[str]:
    """Return 404 for a path or method, and say where the API is described."""
    detail = "No such path or method; see GET /v1/openapi.json."
    return _problem(HTTPStatus.NOT_FOUND, detail)


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]
def on_failure(error: Exception) -> Response[str]:
    """Return 500; log the cause, which the client does not see."""
    logger.error("request failed", exc_info=error)
    detail = "The request failed; try again in a moment."
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)


def _answer(document: dict[str, Any], cache: str = "no-store") -> Response[str]:
    body = json.dumps(document, separators=(",", ":"))
    headers = {"Cache-Control": cache}
    return Response(HTTPStatus.OK.value, "application/json", body, headers=headers)


def _problem(
    status: HTTPStatus, detail: str, errors: Sequence[ParameterProblem] = ()
) -> Response[str]:
    body = json.dumps(problem(status, detail, errors))
    return Response(status.value, CONTENT_TYPE, body, headers={"Cache-Control": "no-store"})
