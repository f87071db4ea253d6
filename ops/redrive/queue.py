"""A dead-letter queue that returns each message once in a run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from ops.redrive.dead_letter import sent_at

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_HIDDEN_S = 600  # longer than a run takes; no other consumer sees the messages meanwhile


class DeadLetterQueue:
    """The messages that were in a queue when the run started.

    Messages that reach the queue during the run are skipped: otherwise the run might never end.

    Parameters
    ----------
    client : SQSClient
    url : str
    before : datetime
        Start of the run.
    """

    def __init__(self, client: SQSClient, url: str, before: datetime) -> None:
        self._client = client
        self._url = url
        self._before = before
        self._receipts: dict[str, str] = {}  # receipt handles by message id

    def __iter__(self) -> Iterator[MessageTypeDef]:
        """Receive the messages; each stays in the queue, hidden from other consumers."""
        while True:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                VisibilityTimeout=_HIDDEN_S,
                MessageSystemAttributeNames=["SentTimestamp", "DeadLetterQueueSourceArn"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            new = [
                message
                for message in messages
                if message["MessageId"] not in self._receipts and sent_at(message) < self._before
            ]
            self._receipts |= {one["MessageId"]: one["ReceiptHandle"] for one in messages}
            yield from new

    def delete(self, message: MessageTypeDef) -> None:
        """Delete a message that was sent again."""
        handle = self._receipts.pop(message["MessageId"])
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=handle)

    def release(self) -> None:
        """Make every message visible again that was received and not deleted."""
        for handle in self._receipts.values():
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=0
            )
        self._receipts.clear()
