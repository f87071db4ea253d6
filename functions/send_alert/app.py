"""Tell people of a smile, not too often. Invoked by the IoT rule, asynchronously."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from smile_cloud.rule_message import device_id_of
from smile_cloud.send_alert.alert_policy import Verdict
from smile_cloud.send_alert.service import SmileAlerts
from smile_cloud.settings import SendAlertSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()


@lru_cache(maxsize=1)
def service() -> SmileAlerts:
    """Return the one service of this execution environment."""
    return SmileAlerts.from_settings(SendAlertSettings.from_environment(os.environ))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Alert where due and return how often what was decided."""
    verdicts = service().consider(event)
    metrics.add_metric("AlertsSent", MetricUnit.Count, verdicts[Verdict.SEND])
    metrics.add_metric("AlertsSuppressed", MetricUnit.Count, verdicts[Verdict.COOLING_DOWN])
    metrics.add_metric("AlertsTooOld", MetricUnit.Count, verdicts[Verdict.TOO_OLD])
    counts = {str(verdict): count for verdict, count in verdicts.items()}
    logger.info("message considered", device_id=device_id_of(event), counts=counts)
    return counts
