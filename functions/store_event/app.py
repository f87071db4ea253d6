"""Keep each smile event once. Invoked by the IoT rule, asynchronously."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from smile_cloud.rule_message import device_id_of
from smile_cloud.settings import StoreEventSettings
from smile_cloud.store_event.service import StoreService

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()


@lru_cache(maxsize=1)
def service() -> StoreService:
    """Return the one service of this execution environment."""
    return StoreService.from_settings(StoreEventSettings.from_environment(os.environ))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Store what the rule handed over and return how many events met which fate."""
    stored = service().keep(event)
    counts = {str(outcome): count for outcome, count in stored.outcomes.items()}
    counts["rejected"] = len(stored.reasons)
    for fate, count in counts.items():
        metrics.add_metric(f"Events{fate.capitalize()}", MetricUnit.Count, count)
    if stored.reasons:
        logger.warning("events set aside", reasons=stored.reasons)
    logger.info("message stored", device_id=device_id_of(event), counts=counts)
    return counts
