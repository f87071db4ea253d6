"""``photo_api``: find the faces of a photo and score their smiles; keep and log nothing of it."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_REST

from smile_cloud.http.answers import json_answer
from smile_cloud.http.rest_api import RestApi
from smile_cloud.photo_api.requests import check_no_parameters, read_photo_body

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from smile_cloud.photo_api.service import PhotoApiService

logger = Logger()
metrics = Metrics()
# API Gateway counts the requests; the only metric here is ColdStart, which most requests lack.
warnings.filterwarnings("ignore", "No application metrics to publish")
app = RestApi(logger)


@lru_cache(maxsize=1)
def service() -> PhotoApiService:
    """Return the service of this execution environment; the first call loads the models."""
    from smile_cloud.photo_api.service import PhotoApiService  # noqa: PLC0415

    return PhotoApiService.load()


@app.post("/v1/photos")
def score_photo() -> Response[str]:
    """Return the faces of the photo in the body."""
    request = app.current_event
    check_no_parameters(request.resolved_query_string_parameters)
    content = read_photo_body(
        request.headers.get("Content-Type"), request.body, is_base64=request.is_base64_encoded
    )
    return json_answer(service().handle(content))


@logger.inject_lambda_context(correlation_id_path=API_GATEWAY_REST)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)
