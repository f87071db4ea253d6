"""``store_event``: store each smile event once. An SQS queue invokes it."""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics

from smile_cloud.clock_limits import ClockError
from smile_cloud.rule_message import ForgedError, RuleMessage
from smile_cloud.sqs_batch import handle_records, write_counts
from smile_cloud.store_event.sequence_counter import SequenceCounter
from smile_cloud.store_event.service import StoreEventService
from smile_cloud.store_event.settings import StoreEventSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()
# Counts of zero are not written, so an invocation may write none.
warnings.filterwarnings("ignore", "No application metrics to publish")


@lru_cache(maxsize=1)
def service() -> StoreEventService:
    """Return the service of this execution environment."""
    return StoreEventService.from_settings(StoreEventSettings.from_environment(os.environ))


@lru_cache(maxsize=1)
def sequences() -> SequenceCounter:
    """Return what counts the events of each device in this execution environment."""
    return SequenceCounter.from_settings(StoreEventSettings.from_environment(os.environ))


@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Store the events of each record; return the records that failed."""
    store = service()
    # Not inject_lambda_context: each byte costs money, and the log group names the function.
    logger.append_keys(function_request_id=context.aws_request_id)
    messages: dict[str, RuleMessage] = {}
    batch = handle_records(event, context, lambda body: _handle(store, body, messages), logger)
    for failure in sequences().count(messages):
        logger.error("events not counted", device_id=failure.device_id, exc_info=failure.error)
        batch.fail(event, failure.bodies)
    counts = {
        "EventsCreated": batch.counts["created"],
        "EventsUpdated": batch.counts["updated"],
        "EventsUnchanged": batch.counts["unchanged"],
        "EventsErased": batch.counts["erased"] + batch.counts["device_erased"],
        "EventsRejected": batch.counts["rejected"],
        "DeadLettersRepeated": batch.counts["repeated"],
        "ClockRejected": batch.counts["wrong_clock"],
        "ForgedRejected": batch.counts["forged"],
        "RecordsFailed": len(batch.failed),
    }
    write_counts(metrics, counts)
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
