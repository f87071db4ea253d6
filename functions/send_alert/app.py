"""``send_alert``: send alerts about smiles. The IoT rule invokes it asynchronously."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from smile_cloud.rule_message import device_id_of
from smile_cloud.send_alert.alert_policy import AlertDecision
from smile_cloud.send_alert.service import SendAlertService
from smile_cloud.send_alert.settings import SendAlertSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()


@lru_cache(maxsize=1)
def service() -> SendAlertService:
    """Return the service of this execution environment."""
    return SendAlertService.from_settings(SendAlertSettings.from_environment(os.environ))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Send the alerts for a message; return how many smiles got which decision."""
    decisions = service().handle(event)
    metrics.add_metric("AlertsSent", MetricUnit.Count, decisions[AlertDecision.SEND])
    metrics.add_metric("AlertsSuppressed", MetricUnit.Count, decisions[AlertDecision.COOLING_DOWN])
    metrics.add_metric("AlertsTooOld", MetricUnit.Count, decisions[AlertDecision.TOO_OLD])
    counts = {str(decision): count for decision, count in decisions.items()}
    logger.info("message handled", device_id=device_id_of(event), counts=counts)
    return counts
