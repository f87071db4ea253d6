"""Answers of an API: JSON documents and problem documents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from smile_cloud.http.errors import Problem
from smile_cloud.http.problem import CONTENT_TYPE, problem


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
