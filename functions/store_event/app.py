"""``store_event``: store each smile event once. The IoT rule invokes it asynchronously."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from smile_cloud.rule_message import device_id_of
from smile_cloud.store_event.service import StoreEventService
from smile_cloud.store_event.settings import StoreEventSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()


@lru_cache(maxsize=1)
def service() -> StoreEventService:
    """Return the service of this execution environment."""
    return StoreEventService.from_settings(StoreEventSettings.from_environment(os.environ))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Store the events of a message; return how many were created, updated and so on."""
    result = service().handle(event)
    counts = {str(outcome): count for outcome, count in result.outcomes.items()}
    counts["rejected"] = len(result.rejected)
    for outcome, count in counts.items():
        metrics.add_metric(f"Events{outcome.capitalize()}", MetricUnit.Count, count)
    if result.rejected:
        logger.warning("events sent to the dead-letter queue", reasons=result.rejected)
    logger.info("message stored", device_id=device_id_of(event), counts=counts)
    return counts
