"""SQS messages as Lambda passes them to a function, and the function's answer about them.

Source: "Using Lambda with Amazon SQS" and "Handling errors for an SQS event source in Lambda", AWS
Lambda Developer Guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_FAILURES = "batchItemFailures"


def sqs_event(messages: Iterable[MessageTypeDef], queue_arn: str, region: str) -> bytes:
    """Return the event of a function for messages of a queue, as JSON."""
    records = [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: {
                    "stringValue": value.get("StringValue"),
                    "stringListValues": [],
                    "binaryListValues": [],
                    "dataType": value["DataType"],
                }
                for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn,
            "awsRegion": region,
        }
        for message in messages
    ]
    return json.dumps({"Records": records}).encode()


def failed_ids(answer: bytes, ids: Sequence[str]) -> set[str]:
    """Return the ids of the messages that failed, from an answer with ``batchItemFailures``.

    Parameters
    ----------
    answer : bytes
        What the function returned, as JSON.
    ids : sequence of str
        The ids of its messages.

    Returns
    -------
    set of str
        Empty when the answer is empty; all of them when it is malformed or names an unknown id.
    """
    try:
        decoded = json.loads(answer) or {}
        failures = decoded.get(_FAILURES) or []
        named = {failure["itemIdentifier"] for failure in failures}
    except (ValueError, AttributeError, KeyError, TypeError):
        return set(ids)
    if isinstance(decoded, Mapping) and named <= set(ids):
        return named
    return set(ids)
