"""``authorize``: say what a key or a token allows. API Gateway asks it about each new one."""

from __future__ import annotations

import os
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from smile_cloud.authorize.errors import TokenRefusedError, UnauthorizedError
from smile_cloud.authorize.service import Authorizer
from smile_cloud.authorize.settings import AuthorizeSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()
# API Gateway counts the requests; most have none of the metrics here.
warnings.filterwarnings("ignore", "No application metrics to publish")


@cache
def _authorizer() -> Authorizer:
    return Authorizer.from_settings(AuthorizeSettings.from_environment(os.environ))


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Return the policy of one key or token, which is never logged."""
    try:
        return _authorizer().policy(event["authorizationToken"], event["methodArn"])
    except TokenRefusedError as refused:
        logger.info("Token refused", reason=str(refused))
        # Lambda counts the answer 401 as an error; the failures alarm subtracts these.
        metrics.add_metric("TokensRefused", MetricUnit.Count, 1)
        raise UnauthorizedError from None
