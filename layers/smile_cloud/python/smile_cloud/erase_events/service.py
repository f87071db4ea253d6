"""``erase_events``: do one step of a job, and send the next one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from smile_cloud import clients
from smile_cloud.erase_events.device_eraser import DeviceEraser
from smile_cloud.erase_events.event_eraser import EVENTS_PER_STEP, EventEraser
from smile_cloud.erase_events.settings import EraseEventsSettings
from smile_cloud.erasure.job import Job, Scope, State
from smile_cloud.erasure.job_store import JobStore
from smile_cloud.erasure.step_queue import Step, StepQueue

STEPS_DONE, STEPS_REPEATED, JOBS_DONE = "steps_done", "steps_repeated", "jobs_done"


class EraseEventsService:
    """Does the steps of jobs.

    A step deletes a bounded number of items, then sends the next step, then remembers it. A
    function that stops in between does the step again when SQS delivers its message again: what is
    deleted already is not found any more. The message of a step that is remembered as done comes
    from such a repetition, and does nothing.

    Parameters
    ----------
    jobs : JobStore
    steps : StepQueue
    events : EventEraser
    rest : DeviceEraser
    clock : callable
        Returns the current time, UTC.
    """

    def __init__(
        self,
        jobs: JobStore,
        steps: StepQueue,
        events: EventEraser,
        rest: DeviceEraser,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._jobs = jobs
        self._steps = steps
        self._events = events
        self._rest = rest
        self._clock = clock

    @classmethod
    def from_settings(
        cls,
        settings: EraseEventsSettings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        events_per_step: int = EVENTS_PER_STEP,
    ) -> EraseEventsService:
        """Return the service with the AWS clients of this execution environment."""
        client, table = clients.dynamodb(), settings.table_name
        jobs = JobStore(client, table, sleep=sleep)
        return cls(
            jobs,
            StepQueue(clients.sqs, settings.queue_url),
            EventEraser(client, table, jobs, sleep=sleep, per_step=events_per_step),
            DeviceEraser(client, table, jobs, sleep=sleep),
            clock=clock,
        )

    def handle(self, step: Step) -> Counter[str]:
        """Do a step, unless it was done before.

        Raises
        ------
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later attempt may succeed.
        """
        job = self._jobs.get(step.device_id, step.job_id)
        if job is None or job.state is State.DONE or step.number < job.step:
            return Counter({STEPS_REPEATED: 1})
        now = self._clock()
        if now < job.starts_at:
            self._steps.send(job, step.number, now)
            return Counter()
        if self._erase(job, now):
            self._jobs.finish(job, self._clock())
            return Counter({STEPS_DONE: 1, JOBS_DONE: 1})
        self._steps.send(job, step.number + 1, now)
        self._jobs.record_step(job, step.number + 1)
        return Counter({STEPS_DONE: 1})

    def _erase(self, job: Job, now: datetime) -> bool:
        """Delete a bounded number of items; return whether everything is deleted."""
        if not self._events.erase(job, now):
            return False
        return job.request.scope is Scope.EVENTS or self._rest.erase(job, now)
