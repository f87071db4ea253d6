"""``erase_events``: erase events of a device, or everything about it. An SQS queue invokes it."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from smile_cloud.erase_events.service import (
    JOBS_DONE,
    STEPS_DONE,
    STEPS_REPEATED,
    EraseEventsService,
)
from smile_cloud.erase_events.settings import EraseEventsSettings
from smile_cloud.erasure.step_queue import Step
from smile_cloud.sqs_batch import handle_records

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()


@lru_cache(maxsize=1)
def service() -> EraseEventsService:
    """Return the service of this execution environment."""
    return EraseEventsService.from_settings(EraseEventsSettings.from_environment(os.environ))


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do the step in each record; return the records that failed."""
    batch = handle_records(event, context, _handle, logger)
    counts = {
        "ErasureSteps": batch.counts[STEPS_DONE],
        "ErasureStepsRepeated": batch.counts[STEPS_REPEATED],
        "ErasuresDone": batch.counts[JOBS_DONE],
        "RecordsFailed": len(batch.failed),
    }
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    return batch.response


def _handle(body: str) -> dict[str, int]:
    step = Step.parse(body)
    logger.info("step", device_id=step.device_id, job_id=step.job_id, step=step.number)
    return service().handle(step)
