"""``alerts_api``: change alert settings, and serve the pages that alerts link to.

A cold start imports only what its first request needs.
"""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_REST

from smile_cloud.alerts_api.requests import check_parameters, read_settings
from smile_cloud.alerts_api.service import AlertsApiService
from smile_cloud.alerts_api.settings import AlertsApiSettings
from smile_cloud.http.answers import json_answer
from smile_cloud.http.rest_api import RestApi
from smile_cloud.http.text_body import text_body

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from smile_cloud.alerts_api.example_alert import ExampleAlertService
    from smile_cloud.alerts_api.page import Page
    from smile_cloud.alerts_api.page_service import AlertPageService

logger = Logger()
metrics = Metrics()
# API Gateway counts the requests; the only metric here is ColdStart, which most requests lack.
warnings.filterwarnings("ignore", "No application metrics to publish")
app = RestApi(logger)


@lru_cache(maxsize=1)
def settings() -> AlertsApiSettings:
    """Return the settings of this execution environment."""
    return AlertsApiSettings.from_environment(os.environ)


@lru_cache(maxsize=1)
def service() -> AlertsApiService:
    """Return the service of this execution environment."""
    return AlertsApiService.from_settings(settings())


@lru_cache(maxsize=1)
def examples() -> ExampleAlertService:
    """Return the service that sends test alerts."""
    from smile_cloud.alerts_api.example_alert import ExampleAlertService  # noqa: PLC0415

    return ExampleAlertService.from_settings(settings())


@lru_cache(maxsize=1)
def pages() -> AlertPageService:
    """Return the service behind the pages."""
    from smile_cloud.alerts_api.page_service import AlertPageService  # noqa: PLC0415

    return AlertPageService.from_settings(settings())


@app.get("/v1/alert-settings")
@app.get("/v1/devices/<device>/alert-settings")
def get_settings(device: str | None = None) -> Response[str]:
    """Return the settings of the fleet or of a device."""
    return json_answer(service().get(_checked(device)))


@app.put("/v1/alert-settings")
@app.put("/v1/devices/<device>/alert-settings")
def put_settings(device: str | None = None) -> Response[str]:
    """Replace the settings that are stored for the fleet or for a device."""
    device = _checked(device)
    request = app.current_event
    values = read_settings(
        request.headers.get("Content-Type"), text_body(request), of_device=device is not None
    )
    return json_answer(service().put(device, values))


@app.post("/v1/alert-settings/test")
@app.post("/v1/devices/<device>/alert-settings/test")
def send_test(device: str | None = None) -> Response[str]:
    """Send a test alert."""
    answer = examples().send(_checked(device), app.api_url())
    return json_answer(answer, HTTPStatus.ACCEPTED)


@app.get("/alerts/<token>")
def show_page(token: str) -> Response[str]:
    """Return the page of an alert; programs that scan mail may open it."""
    if app.current_event.path.endswith("/"):
        from smile_cloud.alerts_api.page import page_without_slash  # noqa: PLC0415

        return _html(page_without_slash(token))
    return _html(pages().show(token))


@app.post("/alerts/<token>/pause")
def pause(token: str) -> Response[str]:
    """Pause the alerts of a camera, and send the browser back to the page."""
    return _html(pages().pause(token, text_body(app.current_event)))


@logger.inject_lambda_context(correlation_id_path=API_GATEWAY_REST)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)


def _checked(device: str | None) -> str | None:
    device = unquote(device) if device is not None else None
    check_parameters(device, app.current_event.resolved_query_string_parameters)
    return device


def _html(page: Page) -> Response[str]:
    return Response(
        page.status.value, "text/html; charset=utf-8", page.html, headers=dict(page.headers)
    )
