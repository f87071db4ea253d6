"""The least that a function on AWS does: Powertools' Logger and Metrics, and one boto3 client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()
dynamodb = boto3.client("dynamodb")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Call no service: count the invocation and answer."""
    metrics.add_metric("Invocations", MetricUnit.Count, 1)
    logger.info("message handled")
    return {"handled": 1}
