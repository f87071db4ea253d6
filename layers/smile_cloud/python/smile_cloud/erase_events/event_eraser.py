"""Delete events, and subtract them from the hourly counts in the same transactions.

Each transaction requires that its events are still as they were read, and counts what it deletes
in the job. So a repeated step, or one whose answer was lost, neither subtracts nor counts twice.

An event that has expired is deleted too. It counts as deleted before: the hourly counts keep it,
as they keep every expired event, so that nothing depends on when DynamoDB deletes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.clock_limits import MAX_AHEAD
from smile_cloud.counts import Counts, event_counts
from smile_cloud.erasure.job import Job, Scope
from smile_cloud.erasure.job_store import JobStore
from smile_cloud.errors import ConflictError
from smile_cloud.keys import device_pk, event_sk
from smile_cloud.retry import attempts
from smile_cloud.rollups import QUARTER, rollup_writes
from smile_cloud.transactions import try_transaction
from smile_contract import parse_time, uuid7_lower_bound

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

Item = Mapping[str, Any]

# A step of this size takes a second, a thirtieth of the function's timeout.
EVENTS_PER_STEP: Final = 100
# A transaction may have 100 writes. Fewer make it lose less when another one was faster.
_EVENTS_PER_TRANSACTION: Final = 25
_EARLIEST: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
# What decides whether and how an event is counted.
_COUNTED: Final = ("phase", "seq", "feedback")


class EventEraser:
    """Deletes the events of a job.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    jobs : JobStore
    sleep : callable
        Pauses for the given seconds before another attempt.
    per_step : int
        How many events to delete at most in a step.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        jobs: JobStore,
        *,
        sleep: Callable[[float], None],
        per_step: int = EVENTS_PER_STEP,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._jobs = jobs
        self._sleep = sleep
        self._per_step = per_step

    def erase(self, job: Job, now: datetime) -> bool:
        """Delete at most `per_step` events; return whether all are deleted.

        Raises
        ------
        ConflictError
            When other invocations or throttling prevented every attempt.
        """
        reasons: frozenset[str] = frozenset()
        for _ in attempts(self._sleep):
            items, is_all = self._first(job)
            reasons = self._delete(job, items, now)
            if not reasons:
                return is_all
        raise ConflictError(f"erasure {job.job_id}", reasons)

    def _first(self, job: Job) -> tuple[list[Item], bool]:
        """Return the first events to delete, and whether there are no others."""
        found: list[Item] = []
        for item in self._range(job):
            if not _is_erased(job, item):
                continue
            if len(found) == self._per_step:
                return found, False
            found.append(item)
        return found, True

    def _range(self, job: Job) -> Iterator[Item]:
        last = job.until
        if job.request.scope is Scope.DEVICE:  # the device's clock may have been ahead
            last += MAX_AHEAD
        low, high = (event_sk(uuid7_lower_bound(at)) for at in (job.start, last))
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues=to_attributes(
                {":pk": device_pk(job.request.device_id), ":low": low, ":high": high}
            ),
            ConsistentRead=True,
            PaginationConfig={"PageSize": self._per_step + 1},
        )
        for page in pages:
            yield from map(from_attributes, page["Items"])

    def _delete(self, job: Job, items: Iterable[Item], now: datetime) -> frozenset[str]:
        """Delete events; return why it stopped, empty when all are deleted."""
        for (started_at, is_expired), group in groupby(items, lambda item: _counted_in(item, now)):
            together = list(group)
            for first in range(0, len(together), _EVENTS_PER_TRANSACTION):
                part = together[first : first + _EVENTS_PER_TRANSACTION]
                writes = [self._deletion(item) for item in part]
                if not is_expired:
                    writes += self._subtraction(job, started_at, part)
                events = 0 if is_expired else len(part)
                writes.append({"Update": self._jobs.progress(job, events=events)})
                if reasons := try_transaction(self._client, writes):
                    return reasons
        return frozenset()

    def _deletion(self, item: Item) -> TransactWriteItemTypeDef:
        known = {name: item[name] for name in _COUNTED if name in item}
        unchanged = [
            f"#{name} = :{name}" if name in known else f"attribute_not_exists(#{name})"
            for name in _COUNTED
        ]
        return {
            "Delete": {
                "TableName": self._table_name,
                "Key": to_attributes({"pk": item["pk"], "sk": item["sk"]}),
                "ConditionExpression": " AND ".join(unchanged),
                "ExpressionAttributeNames": {f"#{name}": name for name in _COUNTED},
                "ExpressionAttributeValues": to_attributes(
                    {f":{name}": value for name, value in known.items()}
                ),
            }
        }

    def _subtraction(
        self, job: Job, started_at: datetime, items: Sequence[Item]
    ) -> list[TransactWriteItemTypeDef]:
        counts = sum(map(event_counts, items), Counts())
        return rollup_writes(self._table_name, job.request.device_id, started_at, -counts)


def _is_erased(job: Job, item: Item) -> bool:
    """Return whether a job erases an event of :meth:`EventEraser._range`.

    Of a whole device, that is every event which had arrived, also with a time of the future.
    """
    started_at, received_at = (parse_time(item[name]) for name in ("started_at", "received_at"))
    return started_at < job.until or received_at <= job.requested_at


def _counted_in(item: Item, now: datetime) -> tuple[datetime, bool]:
    """Return the quarter of an hour that counts an event, and whether the event has expired."""
    started_at = parse_time(item["started_at"])
    into_quarter = (started_at - _EARLIEST) % QUARTER
    return started_at - into_quarter, item["expires_at"] <= now.timestamp()
