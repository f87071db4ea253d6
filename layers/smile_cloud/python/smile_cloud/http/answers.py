"""Answers of an API: JSON documents, and problem documents for every error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response

from smile_cloud.http.errors import Problem, RequestError
from smile_cloud.http.problem import CONTENT_TYPE, problem

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver


def json_answer(
    document: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK, cache: str = "no-store"
) -> Response[str]:
    """Return a JSON document; `cache` is the value of ``Cache-Control``."""
    body = json.dumps(document, separators=(",", ":"))
    return Response(status.value, "application/json", body, headers={"Cache-Control": cache})


def problem_answer(
    status: HTTPStatus,
    detail: str,
    errors: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    """Return a problem document."""
    body = json.dumps(problem(status, detail, errors))
    return Response(
        status.value, CONTENT_TYPE, body, headers={"Cache-Control": "no-store", **(headers or {})}
    )


def answer_errors(app: APIGatewayRestResolver, logger: Logger) -> None:
    """Make `app` answer every error with a problem document; `logger` gets what clients do not."""

    @app.exception_handler(RequestError)  # type: ignore[untyped-decorator]
    def on_request_error(error: RequestError) -> Response[str]:
        return problem_answer(error.STATUS, str(error), error.problems, error.headers)

    @app.not_found
    def on_unknown_path(_error: Exception) -> Response[str]:
        detail = "No such path or method; see GET /v1/openapi.json."
        return problem_answer(HTTPStatus.NOT_FOUND, detail)

    @app.exception_handler(Exception)  # type: ignore[untyped-decorator]
    def on_failure(error: Exception) -> Response[str]:
        logger.error("request failed", exc_info=error)
        detail = "The request failed; try again in a moment."
        return problem_answer(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
