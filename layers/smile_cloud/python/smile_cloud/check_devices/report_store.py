"""The items of a check: what was reported, which outages last, and which check is running."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.batches import Key, get_items, write_items
from smile_cloud.check_devices.items import (
    outage_item,
    outage_key,
    outage_of,
    report_item,
    report_key,
    report_of,
)
from smile_cloud.check_devices.state import Outage, Report
from smile_cloud.keys import (
    DEVICE_ALERTS_PK,
    DEVICE_SK,
    LEASE_SK,
    OUTAGE_PREFIX,
    device_pk,
)
from smile_cloud.transactions import try_transaction

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# Longer than the timeout of the function (50 s), so that no two checks run at once. Shorter than
# the time between two checks (60 s), so that one that was cut off holds up none.
LEASE: Final = timedelta(seconds=55)
_WHAT: Final = "reports about devices"


class ReportStore:
    """Reads and writes reports and outages.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    def __init__(
        self, client: DynamoDBClient, table_name: str, sleep: Callable[[float], None]
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._sleep = sleep

    def lease(self, token: str, now: datetime) -> bool:
        """Let the check `token` run; return False while another one does."""
        item = {
            "pk": DEVICE_ALERTS_PK,
            "sk": LEASE_SK,
            "token": token,
            "expires_at": int((now + LEASE).timestamp()),
        }
        try:
            self._client.put_item(
                TableName=self._table_name,
                Item=to_attributes(item),
                # The SDK repeats a call when its answer is lost: then the lease is its own.
                ConditionExpression=(
                    "attribute_not_exists(pk) OR expires_at <= :now OR expires_at > :ahead"
                    " OR #token = :token"
                ),
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues=to_attributes(
                    # A lease that ends later than any was taken by a clock that ran ahead.
                    {
                        ":now": int(now.timestamp()),
                        ":ahead": int((now + 2 * LEASE).timestamp()),
                        ":token": token,
                    }
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def release(self, token: str) -> None:
        """End the lease of the check `token`."""
        try:
            self._client.delete_item(
                TableName=self._table_name,
                Key=to_attributes({"pk": DEVICE_ALERTS_PK, "sk": LEASE_SK}),
                ConditionExpression="#token = :token",
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues=to_attributes({":token": token}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def read(self, now: datetime) -> tuple[dict[str, Report], dict[str, Outage]]:
        """Return the reports by device id, and the outages by their id."""
        reports: dict[str, Report] = {}
        outages: dict[str, Outage] = {}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_attributes({":pk": DEVICE_ALERTS_PK}),
            ConsistentRead=True,
        )
        for page in pages:
            for attributes in page["Items"]:
                item = from_attributes(attributes)
                if item.get("expires_at", now.timestamp() + 1) <= now.timestamp():
                    continue
                if item["sk"].startswith(OUTAGE_PREFIX):
                    outage = outage_of(item)
                    outages[outage.outage_id] = outage
                elif item["sk"] != LEASE_SK:
                    report = report_of(item)
                    reports[report.device_id] = report
        return reports, outages

    def write(self, reports: Sequence[Report], forgotten: Sequence[str], now: datetime) -> None:
        """Store reports that have no message of their own, and delete those of other devices."""
        write_items(
            self._client,
            self._table_name,
            [report_item(report, now) for report in reports],
            [report_key(device_id) for device_id in forgotten],
            _WHAT,
            sleep=self._sleep,
        )

    def put_report(self, report: Report, before: str | None, now: datetime) -> frozenset[str]:
        """Store a report of a device that still exists.

        Parameters
        ----------
        report : Report
        before : str or None
            Token of the stored one; None when there is none.
        now : datetime

        Returns
        -------
        frozenset of str
            Why nothing was stored, empty when it was.
        """
        exists: TransactWriteItemTypeDef = {
            "ConditionCheck": {
                "TableName": self._table_name,
                "Key": to_attributes({"pk": device_pk(report.device_id), "sk": DEVICE_SK}),
                "ConditionExpression": "attribute_exists(revision)",
            }
        }
        return try_transaction(
            self._client, [exists, self._put(report_item(report, now), before, now)]
        )

    def put_outage(self, outage: Outage, before: str | None, now: datetime) -> frozenset[str]:
        """Store an outage; parameters and result are those of `put_report`."""
        return try_transaction(self._client, [self._put(outage_item(outage), before, now)])

    def delete_outage(self, outage: Outage) -> None:
        """Delete an outage unless another check has changed it."""
        pk, sk = outage_key(outage.outage_id)
        try:
            self._client.delete_item(
                TableName=self._table_name,
                Key=to_attributes({"pk": pk, "sk": sk}),
                ConditionExpression="#token = :token",
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues=to_attributes({":token": outage.token}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def stored_token(self, key: Key) -> str | None:
        """Return the token of a report or an outage, None when it does not exist."""
        found = self._get([key]).get(key)
        return found["token"] if found is not None else None

    def exists(self, device_id: str) -> bool:
        """Return whether a device still exists."""
        key = device_pk(device_id), DEVICE_SK
        return "revision" in self._get([key]).get(key, {})

    def _get(self, keys: Sequence[Key]) -> dict[Key, Mapping[str, Any]]:
        return get_items(self._client, self._table_name, keys, _WHAT, sleep=self._sleep)

    def _put(
        self, item: Mapping[str, Any], before: str | None, now: datetime
    ) -> TransactWriteItemTypeDef:
        put: Any = {"TableName": self._table_name, "Item": to_attributes(item)}
        if before is None:
            put["ConditionExpression"] = "attribute_not_exists(pk) OR expires_at <= :now"
            values: dict[str, Any] = {":now": int(now.timestamp())}
        else:
            put["ConditionExpression"] = "#token = :token"
            put["ExpressionAttributeNames"] = {"#token": "token"}
            values = {":token": before}
        return {"Put": put | {"ExpressionAttributeValues": to_attributes(values)}}
