"""Messages that can never succeed: set aside with the reason, without any retry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from smile_contract import ContractError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class DeadLetters:
    """The queue of messages that break the contract.

    Parameters
    ----------
    client : SQSClient
    queue_url : str
    """

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, rule_event: Any, error: ContractError) -> None:
        """Set `rule_event` aside; attributes ``field`` and ``reason`` say what is wrong."""
        self._client.send_message(
            QueueUrl=self._queue_url,
            MessageBody=json.dumps(rule_event),
            MessageAttributes={
                "field": {"DataType": "String", "StringValue": _printable(error.field)},
                "reason": {"DataType": "String", "StringValue": _printable(str(error))},
            },
        )


def _printable(text: str) -> str:
    # a field's name comes from the message; SQS refuses control characters and empty values
    return text.encode("unicode_escape").decode("ascii") or "message"
