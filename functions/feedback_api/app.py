"""``feedback_api``: store what people say about events."""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_REST

from smile_cloud.feedback_api.requests import Feedback
from smile_cloud.feedback_api.service import FeedbackApiService
from smile_cloud.feedback_api.settings import FeedbackApiSettings
from smile_cloud.http.answers import json_answer
from smile_cloud.http.parameters import Parameters
from smile_cloud.http.rest_api import RestApi

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()
# API Gateway counts the requests; the only metric here is ColdStart, which most requests lack.
warnings.filterwarnings("ignore", "No application metrics to publish")
app = RestApi(logger)


@lru_cache(maxsize=1)
def service() -> FeedbackApiService:
    """Return the service of this execution environment."""
    return FeedbackApiService.from_settings(FeedbackApiSettings.from_environment(os.environ))


@app.put("/v1/devices/<device>/events/<event_id>/feedback")
def put_feedback(device: str, event_id: str) -> Response[str]:
    """Replace the feedback of an event."""
    request = app.current_event
    parameters = Parameters(request.resolved_query_string_parameters, ())
    device = parameters.path_device(unquote(device))
    event_id = parameters.path_event(unquote(event_id))
    parameters.check()
    feedback = Feedback.parse(request.headers.get("Content-Type"), request.decoded_body)
    context = request["requestContext"]
    return json_answer(service().handle(device, event_id, feedback, context))


@logger.inject_lambda_context(correlation_id_path=API_GATEWAY_REST)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)
