"""Store the window of the alert topic."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.errors import ConflictError
from smile_cloud.retry import attempts
from smile_cloud.topic_window import TOPIC_KEY, TopicWindow

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class TopicWindowStore:
    """Takes places in the window, each with one conditional write.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    limit : int
        Messages in any 60 s.
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        limit: int,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._limit = limit
        self._sleep = sleep

    def take(self, now: datetime) -> datetime | None:
        """Take a place for one message; return None, or when the next place is free.

        A write that was applied but whose answer was lost takes a place that stays unused.

        Raises
        ------
        ConflictError
            When other invocations changed the window during every attempt.
        """
        errors = self._client.exceptions
        reason = ""
        for _ in attempts(self._sleep):
            window = self._read()
            free_at = window.free_at(self._limit, now)
            if free_at is not None:
                return free_at
            try:
                self._client.put_item(**window.with_send(now).put(self._table_name, now))
            except (
                errors.ConditionalCheckFailedException,
                errors.TransactionConflictException,
            ) as error:
                reason = error.response["Error"]["Code"]
                continue
            return None
        raise ConflictError("window of the alert topic", [reason])

    def _read(self) -> TopicWindow:
        answer = self._client.get_item(
            TableName=self._table_name, Key=to_attributes(TOPIC_KEY), ConsistentRead=True
        )
        return TopicWindow.from_item(from_attributes(answer["Item"]) if "Item" in answer else None)
