"""The queue of the steps of jobs: ``{"erase": "cam-1", "job": "…", "step": 3}``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.erasure.job import Job
from smile_cloud.errors import SmileCloudError
from smile_contract import is_device_id

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_FIELDS: Final = frozenset({"erase", "job", "step"})


class StepError(SmileCloudError):
    """A queue message is not a step of a job."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job.

    Attributes
    ----------
    device_id, job_id : str
    number : int
        Counts from 0.
    """

    device_id: str
    job_id: str
    number: int

    @classmethod
    def parse(cls, body: str) -> Step:
        """Return the step in the body of a queue message.

        Raises
        ------
        StepError
            When :class:`StepQueue` did not write it.
        """
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, Mapping) or fields.keys() != _FIELDS or not _is_valid(fields):
            raise StepError('expected {"erase": device id, "job": id, "step": number}')
        return cls(fields["erase"], fields["job"], fields["step"])

    @property
    def body(self) -> str:
        """The body of its queue message."""
        return json.dumps({"erase": self.device_id, "job": self.job_id, "step": self.number})


class StepQueue:
    """Sends steps.

    Parameters
    ----------
    client : callable
        Returns the SQS client. Reading a job needs none, and it takes time to create.
    queue_url : str
    """

    def __init__(self, client: Callable[[], SQSClient], queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, job: Job, number: int, now: datetime) -> None:
        """Send a step of a job; it arrives when the job may delete."""
        left = max(job.starts_at - now, timedelta())
        self._client().send_message(
            QueueUrl=self._queue_url,
            MessageBody=Step(job.request.device_id, job.job_id, number).body,
            DelaySeconds=-(-left // timedelta(seconds=1)),
        )


def _is_valid(fields: Mapping[str, Any]) -> bool:
    device_id, job_id, number = fields["erase"], fields["job"], fields["step"]
    is_number = type(number) is int and number >= 0
    return is_device_id(device_id) and isinstance(job_id, str) and is_number
