"""Remember the dead letters of a day, so that a repeated message makes no second one.

A camera that sends the same broken event every minute would otherwise fill the queue and hide other
dead letters in it. After a day the event makes a new dead letter: the fault still lasts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.attributes import to_attributes
from smile_cloud.clock_limits import ClockError
from smile_cloud.errors import ConflictError
from smile_cloud.keys import DEAD_LETTER_SK, DEVICE_SK, dead_letter_pk, device_pk
from smile_cloud.retry import attempts
from smile_cloud.rule_message import DeadLetter
from smile_cloud.transactions import CONDITION_FAILED, try_transaction

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

REMEMBERED: Final = timedelta(days=1)


class DeadLetterMemory:
    """One item for each dead letter, by content; it counts how often the content arrived.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    device_retention : timedelta
        How long to keep the count of a device after it last changed.
    clock : callable
        Returns the current time, UTC.
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        *,
        device_retention: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._device_retention = device_retention
        self._clock = clock
        self._sleep = sleep

    def is_known(self, dead_letter: DeadLetter) -> bool:
        """Return whether the same content made a dead letter in the last day."""
        answer = self._client.get_item(
            TableName=self._table_name,
            Key=_key(dead_letter),
            ConsistentRead=True,
            ProjectionExpression="expires_at",
        )
        return "Item" in answer and int(answer["Item"]["expires_at"]["N"]) > self._now()

    def count_repeat(self, dead_letter: DeadLetter) -> bool:
        """Count that a known dead letter arrived again.

        Returns
        -------
        bool
            False when it is the arrival that was counted last: SQS delivered its message again.
        """
        try:
            self._client.update_item(
                TableName=self._table_name,
                Key=_key(dead_letter),
                UpdateExpression="ADD arrivals :one SET arrived_at_ms = :arrived",
                ConditionExpression="arrived_at_ms <> :arrived",
                ExpressionAttributeValues=to_attributes(
                    {":one": 1, ":arrived": dead_letter.received_ms}
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def remember(self, dead_letter: DeadLetter) -> None:
        """Remember a dead letter for a day, and count a wrong clock for its device.

        Both happen in one transaction, so a clock is counted once for each dead letter.

        Raises
        ------
        ConflictError
            When other invocations or throttling prevented every attempt.
        """
        writes = [self._first_arrival(dead_letter)]
        if isinstance(dead_letter.error, ClockError) and dead_letter.source is not None:
            writes.append(self._wrong_clock(dead_letter.source.device_id))
        reasons: frozenset[str] = frozenset()
        for _ in attempts(self._sleep):
            reasons = try_transaction(self._client, writes)
            if not reasons or CONDITION_FAILED in reasons:
                return  # written, or another invocation was faster
        raise ConflictError(f"dead letter {dead_letter.content_id}", reasons)

    def _first_arrival(self, dead_letter: DeadLetter) -> TransactWriteItemTypeDef:
        now = self._now()
        values = {
            ":one": 1,
            ":arrived": dead_letter.received_ms,
            ":expires_at": now + int(REMEMBERED.total_seconds()),
            ":now": now,
        }
        return {
            "Update": {
                "TableName": self._table_name,
                "Key": _key(dead_letter),
                "UpdateExpression": (
                    "SET arrivals = :one, arrived_at_ms = :arrived, expires_at = :expires_at"
                ),
                "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
                "ExpressionAttributeValues": to_attributes(values),
            }
        }

    def _wrong_clock(self, device_id: str) -> TransactWriteItemTypeDef:
        expires_at = self._now() + int(self._device_retention.total_seconds())
        return {
            "Update": {
                "TableName": self._table_name,
                "Key": to_attributes({"pk": device_pk(device_id), "sk": DEVICE_SK}),
                "UpdateExpression": "ADD clock_rejected :one SET expires_at = :expires_at",
                "ExpressionAttributeValues": to_attributes({":one": 1, ":expires_at": expires_at}),
            }
        }

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _key(dead_letter: DeadLetter) -> dict[str, Any]:
    return to_attributes({"pk": dead_letter_pk(dead_letter.content_id), "sk": DEAD_LETTER_SK})
