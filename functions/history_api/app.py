"""``history_api``: answer the REST API. API Gateway invokes it with the proxy integration."""

from __future__ import annotations

import json
import os
import warnings
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_REST

from smile_cloud.history_api.device_requests import GetDevice, ListDevices
from smile_cloud.history_api.media_types import JSON, MEDIA_TYPES
from smile_cloud.history_api.requests import GetEvent, ListEvents, ReviewThresholds
from smile_cloud.history_api.service import HistoryApiService
from smile_cloud.history_api.settings import HistoryApiSettings
from smile_cloud.http.accept import choose_media_type
from smile_cloud.http.answers import json_answer
from smile_cloud.http.etag import revalidate
from smile_cloud.http.next_link import next_link
from smile_cloud.http.rest_api import RestApi

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from smile_cloud.history_api.devices_service import DevicesService
    from smile_cloud.history_api.statistics.service import StatisticsService

logger = Logger()
metrics = Metrics()
# API Gateway counts the requests; the only metric here is ColdStart, which most requests lack.
warnings.filterwarnings("ignore", "No application metrics to publish")
app = RestApi(logger)


@lru_cache(maxsize=1)
def service() -> HistoryApiService:
    """Return the service of this execution environment."""
    return HistoryApiService.from_settings(HistoryApiSettings.from_environment(os.environ))


@lru_cache(maxsize=1)
def statistics() -> StatisticsService:
    """Return the service that counts events, which most cold starts do not need."""
    from smile_cloud.history_api.statistics.service import StatisticsService  # noqa: PLC0415

    return StatisticsService.from_settings(HistoryApiSettings.from_environment(os.environ))


@lru_cache(maxsize=1)
def devices() -> DevicesService:
    """Return the service for devices, which most cold starts do not need."""
    from smile_cloud.history_api.devices_service import DevicesService  # noqa: PLC0415

    return DevicesService.from_settings(HistoryApiSettings.from_environment(os.environ))


@app.get("/v1/events", middlewares=[revalidate])
def list_events() -> Response[str]:
    """Return a page of events, or a part of an export."""
    event = app.current_event
    parameters = event.resolved_query_string_parameters
    request = ListEvents.parse(parameters)
    accepted = ",".join(event.multi_value_headers.get("Accept", ()))
    media_type = choose_media_type(accepted, MEDIA_TYPES)
    if media_type == JSON:
        document = service().handle(request)
        answer, cursor = json_answer(document), document["next_cursor"]
    else:
        part = service().export(
            request, media_type, app.lambda_context.get_remaining_time_in_millis
        )
        answer = Response(HTTPStatus.OK.value, part.content_type, part.body)
        cursor = part.next_cursor
    answer.headers["Vary"] = "Accept"
    if cursor is not None:
        answer.headers["Link"] = next_link(parameters, cursor)
    return answer


@app.get("/v1/devices/<device>/events/<event_id>", middlewares=[revalidate])
def get_event(device: str, event_id: str) -> Response[str]:
    """Return one event."""
    request = GetEvent.parse(unquote(device), unquote(event_id))
    return json_answer(service().handle(request))


@app.get("/v1/stats")
def get_statistics() -> Response[str]:
    """Return counts of events by hour or day."""
    return json_answer(statistics().answer(app.current_event.resolved_query_string_parameters))


@app.get("/v1/devices")
def list_devices() -> Response[str]:
    """Return a page of devices with their states."""
    request = ListDevices.parse(app.current_event.resolved_query_string_parameters)
    return json_answer(devices().list_devices(request))


app.elsewhere("DELETE", "/v1/devices/<device>")


@app.get("/v1/devices/<device>")
def get_device(device: str) -> Response[str]:
    """Return what is known of one device."""
    parameters = app.current_event.resolved_query_string_parameters
    return json_answer(devices().get_device(GetDevice.parse(unquote(device), parameters)))


@app.get("/v1/devices/<device>/thresholds", middlewares=[revalidate])
def review_thresholds(device: str) -> Response[str]:
    """Return what other thresholds would have reported."""
    parameters = app.current_event.resolved_query_string_parameters
    request = ReviewThresholds.parse(unquote(device), parameters)
    return json_answer(service().review(request, app.lambda_context.get_remaining_time_in_millis))


@app.get("/v1/openapi.json")
def get_openapi() -> Response[str]:
    """Return the OpenAPI document; its server is the one that received the request."""
    document = _description()
    document["servers"] = [{"url": app.api_path() or "/"}]
    return json_answer(document, cache="max-age=300")


@app.get("/docs")
def show_docs() -> Response[str]:
    """Return the OpenAPI document as a page for people."""
    from smile_cloud.history_api.api_page import STYLE, api_page  # noqa: PLC0415
    from smile_cloud.http.html_policy import html_policy  # noqa: PLC0415

    headers = {"Cache-Control": "max-age=300", "Content-Security-Policy": html_policy(STYLE)}
    page = api_page(_description(), app.api_path())
    return Response(HTTPStatus.OK.value, "text/html; charset=utf-8", page, headers=dict(headers))


@logger.inject_lambda_context(correlation_id_path=API_GATEWAY_REST)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)


def _description() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        Path(__file__).with_name("openapi.json").read_text("utf-8")
    )
    return document
