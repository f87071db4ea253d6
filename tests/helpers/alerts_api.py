"""Requests to ``alerts_api`` as API Gateway passes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from smile_cloud.alert_messages.links import AlertLinks
from tests.helpers.functions import ENVIRONMENT, Functions
from tests.helpers.rule_events import sample

LINKS = AlertLinks(ENVIRONMENT["LINK_KEY"].encode())
FORM = "application/x-www-form-urlencoded"


def request(method: str, path: str, body: str | None = None, **headers: str) -> dict[str, Any]:
    """Return a request; the headers' names use ``_`` for ``-``."""
    event = sample("alerts_api/get_fleet") | {"path": path, "httpMethod": method, "body": body}
    for name, value in headers.items():
        event["headers"][name.replace("_", "-")] = value
        event["multiValueHeaders"][name.replace("_", "-")] = [value]
    event["requestContext"]["path"] = f"/dev{path}"
    return event


def settings_path(device: str | None) -> str:
    """Return the path of the settings of a device, or of the fleet."""
    return f"/v1/devices/{device}/alert-settings" if device else "/v1/alert-settings"


def put(
    functions: Functions, device: str | None = None, **values: Any
) -> tuple[int, dict[str, Any]]:
    """Store settings; return status and document."""
    event = request(
        "PUT", settings_path(device), json.dumps(values), Content_Type="application/json"
    )
    status, _, document = functions.ask(event, "alerts_api")
    return status, document


def get(functions: Functions, device: str | None = None) -> dict[str, Any]:
    """Return the settings document of a device, or of the fleet."""
    status, _, document = functions.ask(request("GET", settings_path(device)), "alerts_api")
    assert status == 200, document
    return document


def token(device_id: str, event_id: str, now: datetime | None = None) -> str:
    """Return the token of a link that was made at `now`."""
    return LINKS.token(device_id, event_id, now or datetime.now(UTC))
