"""Requests as API Gateway passes them to ``history_api``."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from tests.helpers.rule_events import sample


def list_request(query: str = "", **headers: str) -> dict[str, Any]:
    """Return ``GET /v1/events`` with this query string; ``_`` in a header stands for ``-``."""
    request = sample("history_api/list")
    values = parse_qs(query.removeprefix("?"), strict_parsing=bool(query))
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return request | {
        "headers": request["headers"] | given,
        "multiValueHeaders": request["multiValueHeaders"]
        | {name: [value] for name, value in given.items()},
        "queryStringParameters": {name: found[-1] for name, found in values.items()} or None,
        "multiValueQueryStringParameters": values or None,
    }
