"""``erasure_api``: start jobs that erase, and report their progress."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from smile_cloud import clients
from smile_cloud.erasure.erased import TooManyRangesError
from smile_cloud.erasure.job import ErasureRequest, Job
from smile_cloud.erasure.job_store import JobStore
from smile_cloud.erasure.step_queue import StepQueue
from smile_cloud.erasure_api.remains import Remains
from smile_cloud.erasure_api.settings import ErasureApiSettings
from smile_cloud.http.errors import NotFoundError, ParameterProblem, QueryError
from smile_cloud.rollups import rollup_retention
from smile_contract import format_time, truncate_to_ms


class ErasureApiService:
    """Answers requests to erase.

    Parameters
    ----------
    jobs : JobStore
    steps : StepQueue
    kept_for : timedelta
        How long to remember a job and what it erased.
    remains : Remains
    clock : callable
        Returns the current time, UTC.
    """

    def __init__(
        self,
        jobs: JobStore,
        steps: StepQueue,
        *,
        kept_for: timedelta,
        remains: Remains,
        clock: Callable[[], datetime],
    ) -> None:
        self._jobs = jobs
        self._steps = steps
        self._kept_for = kept_for
        self._remains = remains
        self._clock = clock

    @classmethod
    def from_settings(
        cls,
        settings: ErasureApiSettings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> ErasureApiService:
        """Return the service with the AWS clients of this execution environment."""
        # A smile of the range may arrive for as long as events are kept, and its counts are kept
        # longer than the event. What a still later message stored would have expired already.
        kept_for = settings.event_retention + rollup_retention(
            events=settings.event_retention, rollups=settings.rollup_retention
        )
        return cls(
            JobStore(clients.dynamodb(), settings.table_name),
            StepQueue(clients.sqs, settings.queue_url),
            kept_for=kept_for,
            remains=Remains(settings.log_retention, kept_for, settings.has_recovery),
            clock=clock,
        )

    def start(self, request: ErasureRequest) -> dict[str, Any]:
        """Start the job of a request; return its document.

        The same request again, while its job runs, returns this job. It sends the next step again
        too, so that it repairs a job whose step was lost.

        Raises
        ------
        QueryError
            When the range starts at the time of the request or later, so that it would end before
            its start, or the device would have too many separate erased ranges.
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later request may succeed.
        """
        now = self._clock()
        if request.start is not None and request.start >= truncate_to_ms(now):
            detail = "expected a time in the past; only smiles that have started can be erased."
            raise QueryError([ParameterProblem("from", detail)])
        try:
            job = self._jobs.start(request, now, self._kept_for)
        except TooManyRangesError as error:
            detail = f"{error} for a device; erase one that joins earlier ones."
            raise QueryError([ParameterProblem("from", detail)]) from None
        self._steps.send(job, job.step, self._clock())
        return self._document(job)

    def get(self, device_id: str, job_id: str) -> dict[str, Any]:
        """Return the document of a job.

        Raises
        ------
        NotFoundError
            When the job does not exist or has expired.
        """
        job = self._jobs.get(device_id, job_id)
        if job is None or job.expires_at <= self._clock().timestamp():
            raise NotFoundError(
                f"Device {device_id} has no erasure {job_id}, or it has expired; "
                "the answer to DELETE names the job."
            )
        return self._document(job)

    def _document(self, job: Job) -> dict[str, Any]:
        request, finished_at = job.request, job.finished_at
        return {
            "job_id": job.job_id,
            "device_id": request.device_id,
            "scope": request.scope,
            "from": format_time(request.start) if request.start is not None else None,
            "to": format_time(job.until),
            "state": job.state,
            "requested_at": format_time(job.requested_at),
            "starts_at": format_time(job.starts_at),
            "finished_at": format_time(finished_at) if finished_at is not None else None,
            "deleted": {"events": job.events, "other_items": job.other_items},
            "remains": self._remains.documents(),
        }
