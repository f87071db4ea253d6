"""``erasure_api``: start jobs that erase events or all about a device, and report their progress.

A cold start imports only what its first request needs.
"""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_REST

from smile_cloud.erasure_api import requests
from smile_cloud.erasure_api.service import ErasureApiService
from smile_cloud.erasure_api.settings import ErasureApiSettings
from smile_cloud.http.answers import json_answer
from smile_cloud.http.rest_api import RestApi

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from smile_cloud.erasure.job import ErasureRequest

logger = Logger()
metrics = Metrics()
# API Gateway counts the requests; the only metric here is ColdStart, which most requests lack.
warnings.filterwarnings("ignore", "No application metrics to publish")
app = RestApi(logger)


@lru_cache(maxsize=1)
def service() -> ErasureApiService:
    """Return the service of this execution environment."""
    return ErasureApiService.from_settings(ErasureApiSettings.from_environment(os.environ))


@app.delete("/v1/devices/<device>")
def erase_device(device: str) -> Response[str]:
    """Start to erase everything about a device."""
    return _start(requests.erase_device(unquote(device), _parameters()))


@app.delete("/v1/devices/<device>/events")
def erase_events(device: str) -> Response[str]:
    """Start to erase the events of a range of time."""
    return _start(requests.erase_events(unquote(device), _parameters()))


@app.get("/v1/devices/<device>/erasures/<job>")
def get_job(device: str, job: str) -> Response[str]:
    """Return how far a job is."""
    device, job = unquote(device), unquote(job)
    requests.check_job(device, job, _parameters())
    return json_answer(service().get(device, job))


@logger.inject_lambda_context(correlation_id_path=API_GATEWAY_REST)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)


def _start(request: ErasureRequest) -> Response[str]:
    document = service().start(request)
    logger.info("erasure requested", device_id=request.device_id, job_id=document["job_id"])
    answer = json_answer(document, HTTPStatus.ACCEPTED)
    path = f"/v1/devices/{quote(request.device_id, safe=':')}/erasures/{document['job_id']}"
    answer.headers["Location"] = f"{app.api_path()}{path}"
    return answer


def _parameters() -> dict[str, list[str]]:
    return app.current_event.resolved_query_string_parameters
