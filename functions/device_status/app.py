"""``device_status``: keep what is known of each device. An SQS queue invokes it."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from smile_cloud.device_status.service import DeviceStatusService
from smile_cloud.device_status.settings import DeviceStatusSettings
from smile_cloud.sqs_batch import handle_records

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()


@lru_cache(maxsize=1)
def service() -> DeviceStatusService:
    """Return the service of this execution environment."""
    return DeviceStatusService.from_settings(DeviceStatusSettings.from_environment(os.environ))


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle each record; return the records that failed."""
    status = service()
    batch = handle_records(event, context, lambda body: _handle(status, body), logger)
    metrics.add_metric("DevicesChanged", MetricUnit.Count, batch.counts["changed"])
    metrics.add_metric("StatusRejected", MetricUnit.Count, batch.counts["rejected"])
    metrics.add_metric("DeadLettersRepeated", MetricUnit.Count, batch.counts["repeated"])
    metrics.add_metric("RecordsFailed", MetricUnit.Count, len(batch.failed))
    return batch.response


def _handle(status: DeviceStatusService, body: str) -> dict[str, int]:
    result = status.handle(body)
    if result.error is not None and result.outcome == "rejected":
        logger.warning("message sent to the dead-letter queue", reason=str(result.error))
    return {result.outcome: 1}
