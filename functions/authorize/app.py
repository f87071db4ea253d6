"""``authorize``: say what a key of the REST API allows. API Gateway asks it about each new key."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from smile_cloud.authorize.service import policy

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()
# API Gateway counts the requests; the only metric here is ColdStart, which most requests lack.
warnings.filterwarnings("ignore", "No application metrics to publish")


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Return the policy of one key, which is never logged."""
    return policy(event["authorizationToken"], event["methodArn"])
