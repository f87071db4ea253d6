"""Handle the records of an SQS event one by one, and report those that failed.

SQS delivers only the reported records again (``ReportBatchItemFailures``). Powertools' batch
processor does the same but takes 40 ms of CPU to import, half a bare cold start, and does not watch
the time: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.rule_message import log_keys

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger, Metrics
    from aws_lambda_powertools.utilities.typing import LambdaContext

# A record starts only when at least this much time is left. A call to an unreachable service fails
# after at most 9 s (see `smile_cloud.clients`), so the function ends by itself and is not cut off.
RESERVE_MS: Final = 10_000


@dataclass(slots=True)
class BatchResult:
    """What happened to the records of an SQS event.

    Attributes
    ----------
    counts : Counter of str
        Sum of the counts that the handled records returned.
    failed : list of str
        Message ids of the records that SQS delivers again.
    """

    counts: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def fail(self, event: Mapping[str, Any], bodies: Collection[str]) -> None:
        """Make the records of an SQS event with one of these bodies fail, if they have not."""
        for record in event["Records"]:
            if record["body"] in bodies and record["messageId"] not in self.failed:
                self.failed.append(record["messageId"])

    @property
    def response(self) -> dict[str, Any]:
        """The answer to Lambda."""
        return {"batchItemFailures": [{"itemIdentifier": one} for one in self.failed]}


def handle_records(
    event: Mapping[str, Any],
    context: LambdaContext,
    handle: Callable[[str], Mapping[str, int]],
    logger: Logger,
) -> BatchResult:
    """Handle each record of an SQS event.

    A record that fails does not stop the others. When less than 10 s are left, the remaining
    records are not handled and count as failed.

    Parameters
    ----------
    event : Mapping
        What Lambda passes for an SQS queue.
    context : LambdaContext
    handle : callable
        Gets the body of a record, returns counts. An exception makes the record fail.
    logger : Logger
        Gets one line for each record: its message id, device, event ids and counts, or its error.
        Every line that `handle` logs has the message id as correlation id.
    """
    result = BatchResult()
    for record in event["Records"]:
        message_id, body = record["messageId"], record["body"]
        logger.set_correlation_id(message_id)
        if context.get_remaining_time_in_millis() < RESERVE_MS:
            logger.warning("no time left for the record", message_id=message_id)
            result.failed.append(message_id)
            continue
        keys = {"message_id": message_id, **log_keys(body)}
        try:
            counts = handle(body)
        except Exception:  # SQS delivers the record again
            logger.exception("record failed", **keys)
            result.failed.append(message_id)
        else:
            counted = {name: count for name, count in counts.items() if count}
            logger.info("record handled", counts=counted, **keys)
            result.counts.update(counts)
    return result


def write_counts(metrics: Metrics, counts: Mapping[str, int]) -> None:
    """Write the counts that are not zero as metrics.

    A metric that is missing counts as zero in the alarms. Written, it costs bytes in the log.
    """
    for name, count in counts.items():
        if count:
            metrics.add_metric(name, "Count", count)
