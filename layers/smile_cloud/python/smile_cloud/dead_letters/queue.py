"""The dead-letter queue, for messages that break the contract: no retry can store them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smile_cloud.rule_message import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class DeadLetterQueue:
    """Sends messages that break the contract to an SQS queue.

    Parameters
    ----------
    client : SQSClient
    queue_url : str
    """

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, dead_letter: DeadLetter) -> None:
        """Send a dead letter; the attributes ``field`` and ``reason`` describe its error."""
        error = dead_letter.error
        self._client.send_message(
            QueueUrl=self._queue_url,
            MessageBody=dead_letter.body,
            MessageAttributes={
                "field": {"DataType": "String", "StringValue": _printable(error.field)},
                "reason": {"DataType": "String", "StringValue": _printable(str(error))},
            },
        )


def _printable(text: str) -> str:
    # A device chooses its field names, and SQS refuses control characters and empty values.
    return text.encode("unicode_escape").decode("ascii") or "message"
