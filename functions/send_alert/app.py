"""``send_alert``: send alerts about smiles. An SQS queue invokes it."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from smile_cloud.send_alert.alert_policy import SUPPRESSED, Decision
from smile_cloud.send_alert.service import DIGESTS_SENT, SendAlertService
from smile_cloud.send_alert.settings import SendAlertSettings
from smile_cloud.sqs_batch import handle_records

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from smile_contract import SmileEvent

logger = Logger()
metrics = Metrics()


@lru_cache(maxsize=1)
def service() -> SendAlertService:
    """Return the service of this execution environment."""
    return SendAlertService.from_settings(SendAlertSettings.from_environment(os.environ))


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Send the alerts for each record; return the records that failed."""
    alerts = service()
    batch = handle_records(event, context, lambda body: alerts.handle(body, _log), logger)
    counts = {
        "AlertsSent": batch.counts[Decision.SEND],
        "AlertsSuppressed": sum(batch.counts[decision] for decision in SUPPRESSED),
        "AlertsTooOld": batch.counts[Decision.TOO_OLD],
        "AlertsDigested": batch.counts[Decision.DIGEST],
        "DigestsSent": batch.counts[DIGESTS_SENT],
        "RecordsFailed": len(batch.failed),
    }
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    return batch.response


def _log(event: SmileEvent, decision: Decision) -> None:
    logger.info(
        "alert decided",
        device_id=event.device_id,
        event_id=event.event_id,
        decision=str(decision),
    )
