"""``store_event``: store each smile event once. An SQS queue invokes it."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from smile_cloud.clock_limits import ClockError
from smile_cloud.rule_message import ForgedError, RuleMessage
from smile_cloud.sqs_batch import handle_records
from smile_cloud.store_event.sequence_counter import SequenceCounter
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


@lru_cache(maxsize=1)
def sequences() -> SequenceCounter:
    """Return what counts the events of each device in this execution environment."""
    return SequenceCounter.from_settings(StoreEventSettings.from_environment(os.environ))


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Store the events of each record; return the records that failed."""
    store = service()
    messages: dict[str, RuleMessage] = {}
    batch = handle_records(event, context, lambda body: _handle(store, body, messages), logger)
    for failure in sequences().count(messages):
        logger.error("events not counted", device_id=failure.device_id, exc_info=failure.error)
        batch.fail(event, failure.bodies)
    for name in ("created", "updated", "unchanged", "erased", "rejected"):
        metrics.add_metric(f"Events{name.capitalize()}", MetricUnit.Count, batch.counts[name])
    metrics.add_metric("DeadLettersRepeated", MetricUnit.Count, batch.counts["repeated"])
    metrics.add_metric("ClockRejected", MetricUnit.Count, batch.counts["wrong_clock"])
    metrics.add_metric("ForgedRejected", MetricUnit.Count, batch.counts["forged"])
    metrics.add_metric("RecordsFailed", MetricUnit.Count, len(batch.failed))
    return batch.response


def _handle(
    store: StoreEventService, body: str, messages: dict[str, RuleMessage]
) -> dict[str, int]:
    """Store the events of a message; add it to the `messages` whose events are stored."""
    result = store.handle(body)
    if result.message is not None:
        messages[body] = result.message
    if result.rejected:
        reasons = [str(error) for error in result.rejected]
        logger.warning("events sent to the dead-letter queue", reasons=reasons)
    counts = {str(outcome): count for outcome, count in result.outcomes.items()}
    return counts | {
        "rejected": len(result.rejected),
        "repeated": result.repeated,
        "wrong_clock": sum(isinstance(error, ClockError) for error in result.rejected),
        "forged": sum(isinstance(error, ForgedError) for error in result.rejected),
    }
