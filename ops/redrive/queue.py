"""A queue of messages that were set aside: each is seen once in a run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from ops.redrive.dead_letter import sent_at

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_HIDDEN_S = 600  # longer than handing over takes; others meanwhile do not see the message


class Mailbox:
    """The messages that lay in a queue when the run began.

    What a function sets aside during the run is left alone, or the run might never end.

    Parameters
    ----------
    client : SQSClient
    url : str
    before : datetime
        When the run began.
    """

    def __init__(self, client: SQSClient, url: str, before: datetime) -> None:
        self._client = client
        self._url = url
        self._before = before
        self._taken: dict[str, str] = {}  # receipt handles by message id

    def __iter__(self) -> Iterator[MessageTypeDef]:
        """Take the messages one after the other; each stays in the queue, hidden."""
        while True:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                VisibilityTimeout=_HIDDEN_S,
                AttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            for message in messages:
                seen = message["MessageId"] in self._taken
                self._taken[message["MessageId"]] = message["ReceiptHandle"]
                if not seen and sent_at(message["Attributes"]["SentTimestamp"]) < self._before:
                    yield message

    def delete(self, message: MessageTypeDef) -> None:
        """Remove a message that was delivered."""
        handle = self._taken.pop(message["MessageId"])
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=handle)

    def put_back(self) -> None:
        """Show every message again that was taken and not deleted."""
        for handle in self._taken.values():
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=0
            )
        self._taken.clear()
