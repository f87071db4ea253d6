"""Store the jobs: started once for each request, counted with what they delete."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.erasure.erased import Erased, erased_key
from smile_cloud.erasure.job import ErasureRequest, Job, Scope, State
from smile_cloud.errors import ConflictError
from smile_cloud.keys import erasure_job_key, erasures_pk
from smile_cloud.retry import attempts
from smile_cloud.transactions import try_transaction
from smile_contract import format_time, truncate_to_ms, uuid7

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

# Where a running job is looked for: it is one of the newest, because jobs take minutes.
_NEWEST: Final = 50


class JobStore:
    """Reads and writes jobs, and what was erased of their devices.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._sleep = sleep

    def start(self, request: ErasureRequest, now: datetime, kept_for: timedelta) -> Job:
        """Return the job of a request: the one that runs already, or a new one.

        From this moment on, no function stores an event of the range again.

        Parameters
        ----------
        request : ErasureRequest
        now : datetime
        kept_for : timedelta
            How long to remember the job and what was erased.

        Raises
        ------
        TooManyRangesError
            When the device would have too many separate erased ranges.
        ConflictError
            When other requests or throttling prevented every attempt.
        """
        requested_at = truncate_to_ms(now)
        expires_at = int((now + kept_for).timestamp())
        new = Job(uuid7(requested_at), request, requested_at, expires_at)
        reasons: frozenset[str] = frozenset()
        for _ in attempts(self._sleep):
            erased = self.erased(request.device_id)
            if (running := self._running(request)) is not None:
                return running
            reasons = try_transaction(self._client, self._start_writes(new, erased))
            if not reasons:
                return new
        raise ConflictError(f"erasure of {request.device_id}", reasons)

    def get(self, device_id: str, job_id: str) -> Job | None:
        """Return a job; None if it does not exist."""
        key = erasure_job_key(device_id, job_id)
        item = self._read(key)
        return Job.from_item(item) if item is not None else None

    def erased(self, device_id: str) -> Erased:
        """Return what was erased of a device."""
        return Erased.from_item(self._read(erased_key(device_id)))

    def progress(self, job: Job, *, events: int = 0, other_items: int = 0) -> UpdateTypeDef:
        """Return the update that counts deleted items, for the transaction that deletes them."""
        return {
            "TableName": self._table_name,
            "Key": self._key(job),
            "UpdateExpression": "ADD events :events, other_items :items SET job_state = :deleting",
            "ConditionExpression": "job_state <> :done",
            "ExpressionAttributeValues": to_attributes(
                {
                    ":events": events,
                    ":items": other_items,
                    ":deleting": State.DELETING,
                    ":done": State.DONE,
                }
            ),
        }

    def record_step(self, job: Job, step: int) -> None:
        """Remember that `step` comes next; a later step that is stored stays."""
        self._update(job, "SET step = :step", "step < :step", {":step": step})

    def finish(self, job: Job, now: datetime) -> None:
        """Remember that everything is deleted; the first time that is stored stays."""
        self._update(
            job,
            "SET job_state = :done, finished_at = :now",
            "job_state <> :done",
            {":done": State.DONE, ":now": format_time(now)},
        )

    def _start_writes(self, job: Job, erased: Erased) -> list[TransactWriteItemTypeDef]:
        device_id = job.request.device_id
        is_device = job.request.scope is Scope.DEVICE
        changed = erased.with_range(job.start, job.until, job.expires_at, is_device=is_device)
        return [
            {
                "Put": {
                    "TableName": self._table_name,
                    "Item": to_attributes(job.item()),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
            {
                "Put": {
                    "TableName": self._table_name,
                    "Item": to_attributes(changed.item(device_id)),
                    "ConditionExpression": "attribute_not_exists(pk) OR version = :version",
                    "ExpressionAttributeValues": to_attributes({":version": erased.version}),
                }
            },
        ]

    def _running(self, request: ErasureRequest) -> Job | None:
        """Return the newest job of the same request that is not done."""
        answer = self._client.query(
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_attributes({":pk": erasures_pk(request.device_id)}),
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=_NEWEST,
        )
        jobs = (Job.from_item(from_attributes(item)) for item in answer["Items"])
        return next(
            (job for job in jobs if job.request == request and job.state is not State.DONE), None
        )

    def _read(self, key: tuple[str, str]) -> Mapping[str, Any] | None:
        pk, sk = key
        answer = self._client.get_item(
            TableName=self._table_name,
            Key=to_attributes({"pk": pk, "sk": sk}),
            ConsistentRead=True,
        )
        return from_attributes(answer["Item"]) if "Item" in answer else None

    def _update(self, job: Job, update: str, condition: str, values: Mapping[str, Any]) -> None:
        try:
            self._client.update_item(
                TableName=self._table_name,
                Key=self._key(job),
                UpdateExpression=update,
                ConditionExpression=f"attribute_exists(pk) AND {condition}",
                ExpressionAttributeValues=to_attributes(values),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # stored already, or the job has expired

    def _key(self, job: Job) -> dict[str, Any]:
        pk, sk = erasure_job_key(job.request.device_id, job.job_id)
        return to_attributes({"pk": pk, "sk": sk})
