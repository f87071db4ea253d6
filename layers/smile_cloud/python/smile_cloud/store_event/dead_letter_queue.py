"""The dead-letter queue, for messages that break the contract: no retry can store them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from smile_contract import ContractError

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

    def send(self, rule_event: Any, error: ContractError) -> None:
        """Send `rule_event`; the message attributes ``field`` and ``reason`` describe `error`."""
        self._client.send_message(
            QueueUrl=self._queue_url,
            MessageBody=json.dumps(rule_event),
            MessageAttributes={
                "field": {"DataType": "String", "StringValue": _printable(error.field)},
                "reason": {"DataType": "String", "StringValue": _printable(str(error))},
            },
        )


def _printable(text: str) -> str:
    # A device chooses its field names, and SQS refuses control characters and empty values.
    return text.encode("unicode_escape").decode("ascii") or "message"
