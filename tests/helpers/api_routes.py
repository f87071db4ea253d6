"""The routes of the REST API, in the template and in the code of the functions."""

from __future__ import annotations

import re
from typing import Any

from smile_cloud.http.rest_api import RestApi
from tests.helpers.functions import load_function
from tests.helpers.template import properties


def api_events(template: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the properties of the API events of each function, by the name of its folder."""
    found = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            own = properties(template, name)
            events = [
                one["Properties"] for one in own.get("Events", {}).values() if one["Type"] == "Api"
            ]
            if events:
                found[own["CodeUri"].removeprefix("functions/")] = events
    return found


def rest_api(function: str) -> RestApi:
    """Return the routes of a function, loaded as at a cold start."""
    app: RestApi = load_function(function).app
    return app


def resource_of(rule: str) -> str:
    """Return a path of the code as the template and the OpenAPI document write it."""
    return re.sub(r"<(\w+)>", r"{\1}", rule)


def needs_key(event: dict[str, Any]) -> bool:
    """Return whether API Gateway asks for a key at this path."""
    return bool(event.get("Auth", {}).get("ApiKeyRequired", True))
