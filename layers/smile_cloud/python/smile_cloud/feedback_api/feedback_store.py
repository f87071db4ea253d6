"""Store the feedback of an event, and count it, in one transaction.

The transaction requires that the event still has the verdict that was read, so a change of the
counts is never applied twice and never missed, however many people write at once. The last one
wins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.counts import event_counts
from smile_cloud.errors import ConflictError
from smile_cloud.keys import device_pk, event_sk
from smile_cloud.retry import attempts
from smile_cloud.rollups import rollup_writes
from smile_cloud.transactions import try_transaction
from smile_contract import parse_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class FeedbackStore:
    """Writes the attribute ``feedback`` of events.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._sleep = sleep

    def put(
        self, device_id: str, event_id: str, feedback: Mapping[str, str | None], now: datetime
    ) -> bool:
        """Replace the feedback of an event.

        Parameters
        ----------
        device_id, event_id : str
        feedback : Mapping
            ``verdict``, ``by`` and ``at``.
        now : datetime
            Decides what has expired.

        Returns
        -------
        bool
            False when there is no such event, or it has expired.

        Raises
        ------
        ConflictError
            When other invocations or throttling prevented every attempt.
        """
        key = to_attributes({"pk": device_pk(device_id), "sk": event_sk(event_id)})
        reasons: frozenset[str] = frozenset()
        for _ in attempts(self._sleep):
            event = self._read(key)
            if event is None or event["expires_at"] <= now.timestamp():
                return False
            change = event_counts(event | {"feedback": feedback}) - event_counts(event)
            writes = [
                self._event_write(key, event.get("feedback"), feedback),
                *rollup_writes(
                    self._table_name, device_id, parse_time(event["started_at"]), change
                ),
            ]
            reasons = try_transaction(self._client, writes)
            if not reasons:
                return True
        raise ConflictError(f"feedback of event {event_id}", reasons)

    def _read(self, key: Mapping[str, Any]) -> dict[str, Any] | None:
        answer = self._client.get_item(
            TableName=self._table_name,
            Key=key,
            ConsistentRead=True,
            ProjectionExpression="phase, duration_ms, started_at, expires_at, feedback",
        )
        return from_attributes(answer["Item"]) if "Item" in answer else None

    def _event_write(
        self,
        key: Mapping[str, Any],
        stored: Mapping[str, Any] | None,
        feedback: Mapping[str, str | None],
    ) -> TransactWriteItemTypeDef:
        values: dict[str, Any] = {":feedback": dict(feedback)}
        if stored is None:
            unchanged = "attribute_not_exists(feedback)"
        else:
            unchanged = "feedback.verdict = :stored"
            values[":stored"] = stored["verdict"]
        return {
            "Update": {
                "TableName": self._table_name,
                "Key": key,
                "UpdateExpression": "SET feedback = :feedback",
                "ConditionExpression": f"attribute_exists(pk) AND {unchanged}",
                "ExpressionAttributeValues": to_attributes(values),
            }
        }
