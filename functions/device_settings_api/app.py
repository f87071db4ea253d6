"""``device_settings_api``: show and change the settings of a device through its shadow."""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_REST

from smile_cloud.device_settings_api.requests import read_changes
from smile_cloud.device_settings_api.service import DeviceSettingsApiService
from smile_cloud.device_settings_api.settings import DeviceSettingsApiSettings
from smile_cloud.http.answers import json_answer
from smile_cloud.http.parameters import Parameters
from smile_cloud.http.rest_api import RestApi
from smile_cloud.http.text_body import text_body

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()
# API Gateway counts the requests; the only metric here is ColdStart, which most requests lack.
warnings.filterwarnings("ignore", "No application metrics to publish")
app = RestApi(logger)


@lru_cache(maxsize=1)
def service() -> DeviceSettingsApiService:
    """Return the service of this execution environment."""
    settings = DeviceSettingsApiSettings.from_environment(os.environ)
    return DeviceSettingsApiService.from_settings(settings)


@app.get("/v1/devices/<device>/settings")
def get_settings(device: str) -> Response[str]:
    """Return what is wanted of a device, what it uses, and what it rejects."""
    return json_answer(service().get(_checked(device)))


@app.patch("/v1/devices/<device>/settings")
def change_settings(device: str) -> Response[str]:
    """Change what is wanted of a device."""
    device = _checked(device)
    request = app.current_event
    changes = read_changes(request.headers.get("Content-Type"), text_body(request))
    document = service().change(device, changes)
    logger.info("settings changed", device_id=device, settings=sorted(changes))
    return json_answer(document)


@logger.inject_lambda_context(correlation_id_path=API_GATEWAY_REST)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)


def _checked(device: str) -> str:
    parameters = Parameters(app.current_event.resolved_query_string_parameters, ())
    device = parameters.path_device(unquote(device))
    parameters.check()
    return device
