"""The UTC days that have events, so that listing all devices can skip the other days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Final

from smile_cloud.attributes import to_attributes
from smile_cloud.keys import DAY_PREFIX, DAYS_PK, day_sk

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DAY_S: Final = 86_400


class EventDays:
    """The index of days with events: one small item a day.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    """

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table_name = table_name
        self._kept_until: dict[date, int] = {}

    def add(self, day: date, expires_at: int) -> None:
        """Keep `day` in the index at least until `expires_at` (seconds since 1970).

        The item is kept one day longer than needed, so each execution environment writes it about
        once a day instead of once per event.
        """
        if self._kept_until.get(day, 0) >= expires_at:
            return
        kept_until = expires_at + _DAY_S
        try:
            self._client.update_item(
                TableName=self._table_name,
                Key=to_attributes({"pk": DAYS_PK, "sk": day_sk(day)}),
                UpdateExpression="SET expires_at = :kept_until",
                ConditionExpression="attribute_not_exists(expires_at) OR expires_at < :needed",
                ExpressionAttributeValues=to_attributes(
                    {":kept_until": kept_until, ":needed": expires_at}
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            kept_until = expires_at  # the item is kept at least that long already
        self._kept_until[day] = kept_until

    def between(self, first: date, last: date, *, oldest_first: bool = False) -> Iterator[date]:
        """Yield the days with events from `last` back to `first`, both included.

        With `oldest_first`, yield them from `first` to `last`.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=to_attributes(
                {":pk": DAYS_PK, ":first": day_sk(first), ":last": day_sk(last)}
            ),
            ScanIndexForward=oldest_first,
        )
        for page in pages:
            for item in page["Items"]:
                yield date.fromisoformat(item["sk"]["S"].removeprefix(DAY_PREFIX))
