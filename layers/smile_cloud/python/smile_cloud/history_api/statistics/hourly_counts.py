"""Read the counts of a range of hours: of one device, or of all devices from the fleet's shards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.counts import Counts
from smile_cloud.keys import FLEET_SHARDS, device_pk, fleet_pk, hour_sk
from smile_cloud.rollups import QUARTER, hour_of, quarter_counts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef


class HourlyCounts:
    """Reads hourly counts: a query for a device, six for all, however many events they count.

    A query returns at most 1 MB, which is eight months of hours.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    """

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def quarters(
        self, device_id: str | None, first: datetime, last: datetime, now: datetime
    ) -> Iterator[tuple[datetime, Counts]]:
        """Yield the start (UTC) and the counts of each quarter of an hour that has any.

        Parameters
        ----------
        device_id : str or None
            None means all devices; then a quarter can come once from each shard.
        first, last : datetime
            The hours of these times are the first and the last ones.
        now : datetime
            Decides what has expired.
        """
        if device_id is not None:
            pks = [device_pk(device_id)]
        else:
            pks = [fleet_pk(shard) for shard in range(FLEET_SHARDS)]
        for pk in pks:
            for item in self._items(pk, first, last, now):
                start = hour_of(item)
                for number, counts in enumerate(quarter_counts(item)):
                    if counts != Counts():
                        yield start + number * QUARTER, counts

    def _items(
        self, pk: str, first: datetime, last: datetime, now: datetime
    ) -> Iterator[dict[str, Any]]:
        values = {":pk": pk, ":first": hour_sk(first), ":last": hour_sk(last)}
        request: QueryInputTypeDef = {
            "TableName": self._table_name,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "FilterExpression": "expires_at > :now",
            "ExpressionAttributeValues": to_attributes(values | {":now": int(now.timestamp())}),
        }
        while True:
            answer = self._client.query(**request)
            yield from map(from_attributes, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
