"""``send_alert``: send alerts about smiles. An SQS queue invokes it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from smile_cloud.send_alert.alert_policy import SUPPRESSED, Decision
from smile_cloud.send_alert.service import DIGESTS_SENT, SendAlertService
from smile_cloud.send_alert.settings import SendAlertSettings
from smile_cloud.sqs_batch import handle_records, write_counts

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from smile_contract import SmileEvent

logger = Logger()
metrics = Metrics()
# Counts of zero are not written, so an invocation may write none.
warnings.filterwarnings("ignore", "No application metrics to publish")


@lru_cache(maxsize=1)
def service() -> SendAlertService:
    """Return the service of this execution environment."""
    return SendAlertService.from_settings(SendAlertSettings.from_environment(os.environ))


@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Send the alerts for each record; return the records that failed."""
    alerts = service()
    # Not inject_lambda_context: each byte costs money, and the log group names the function.
    logger.append_keys(function_request_id=context.aws_request_id)
    batch = handle_records(event, context, lambda body: _handle(alerts, body), logger)
    counts = {
        "AlertsSent": batch.counts[Decision.SEND],
        "AlertsSuppressed": sum(batch.counts[decision] for decision in SUPPRESSED),
        "AlertsTooOld": batch.counts[Decision.TOO_OLD],
        "AlertsDigested": batch.counts[Decision.DIGEST],
        "DigestsSent": batch.counts[DIGESTS_SENT],
        "RecordsFailed": len(batch.failed),
    }
    write_counts(metrics, counts)
    return batch.response


def _handle(alerts: SendAlertService, body: str) -> Mapping[str, int]:
    """Handle a record. Its counts say what was decided about a single event; several get lines."""
    decided: list[tuple[SmileEvent, Decision]] = []
    counts: Mapping[str, int] | None = None
    try:
        counts = alerts.handle(body, lambda event, decision: decided.append((event, decision)))
    finally:
        if counts is None or len(decided) > 1:
            for event, decision in decided:
                _log(event, decision)
    return counts


def _log(event: SmileEvent, decision: Decision) -> None:
    logger.info(
        "alert decided",
        device_id=event.device_id,
        event_id=event.event_id,
        decision=str(decision),
    )
