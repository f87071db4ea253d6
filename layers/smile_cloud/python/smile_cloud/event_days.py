"""Which UTC days have events: lets the history of all devices skip the days without any."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from smile_cloud.attributes import to_attributes
from smile_cloud.keys import DAY_PREFIX, DAYS_PK, day_sk

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DAY_S: Final = 86_400


class EventDays:
    """The notes of days with events, one tiny item a day.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    """

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table_name = table_name
        self._noted: dict[date, int] = {}

    def note(self, day: date, expires_at: int) -> None:
        """Make sure that `day` is noted at least until `expires_at` (epoch seconds).

        A day is written once per execution environment and day, not once per event.
        """
        if self._noted.get(day, 0) >= expires_at:
            return
        until = expires_at + _DAY_S
        values = to_attributes({":until": until, ":needed": expires_at})
        try:
            self._client.update_item(
                TableName=self._table_name,
                Key=to_attributes({"pk": DAYS_PK, "sk": day_sk(day)}),
                UpdateExpression="SET expires_at = :until",
                ConditionExpression="attribute_not_exists(expires_at) OR expires_at < :needed",
                ExpressionAttributeValues=values,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            until = expires_at  # somebody else noted it, at least for so long
        self._noted[day] = until

    def between(self, first: date, last: date) -> Iterator[date]:
        """Yield the noted days from `last` back to `first`, both included."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=to_attributes(
                {":pk": DAYS_PK, ":first": day_sk(first), ":last": day_sk(last)}
            ),
            ScanIndexForward=False,
        )
        for page in pages:
            for item in page["Items"]:
                yield date.fromisoformat(item["sk"]["S"].removeprefix(DAY_PREFIX))
