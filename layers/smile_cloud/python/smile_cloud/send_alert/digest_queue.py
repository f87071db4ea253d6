"""Messages that send digests: ``{"digest": "2026-11-22T17:33"}``, delayed in the queue of alerts.

A device cannot forge one: the IoT rule wraps what devices send in an object without this field.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Longer than the function's timeout (30 s): an invocation that has scheduled a digest creates its
# head before the message arrives, or never.
DELAY: Final = timedelta(seconds=35)

_FIELD: Final = "digest"
_BODY: Final = re.compile(r'\{"digest": "(\d{4}-\d\d-\d\dT\d\d:\d\d)"\}', re.ASCII)


class DigestQueue:
    """Schedules digests.

    Parameters
    ----------
    client : callable
        Returns the SQS client. Most invocations need none, and it takes time to create.
    queue_url : str
        The queue of alerts.
    """

    def __init__(self, client: Callable[[], SQSClient], queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def schedule(self, digest_id: str, left: timedelta) -> None:
        """Send the message of a digest so that it arrives 35 s after its minute.

        Parameters
        ----------
        digest_id : str
        left : timedelta
            Time until the minute ends.
        """
        self._client().send_message(
            QueueUrl=self._queue_url,
            MessageBody=json.dumps({_FIELD: digest_id}),
            DelaySeconds=math.ceil((left + DELAY).total_seconds()),
        )


def scheduled_digest(body: str) -> str | None:
    """Return the id of the digest that a queue message sends, None for any other message."""
    match = _BODY.fullmatch(body)
    return match[1] if match is not None else None
