"""Remembers each device's alert budget: one item, changed only as it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.keys import ALERT_SK, device_pk
from smile_cloud.send_alert.alert_policy import AlertBudget, Claim
from smile_contract import format_time, parse_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Far longer than any cooldown or age that the settings allow (99,999 s).
_KEPT_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Versioned:
    """A budget as it was read.

    Attributes
    ----------
    budget : AlertBudget
    version : int
        0 when nothing is remembered yet.
    """

    budget: AlertBudget
    version: int


class AlertBudgetStore:
    """Reads and writes alert budgets.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    """

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def read(self, device_id: str) -> Versioned:
        """Return the device's budget, a fresh one when nothing is remembered."""
        answer = self._client.get_item(
            TableName=self._table_name,
            Key=to_attributes({"pk": device_pk(device_id), "sk": ALERT_SK}),
            ConsistentRead=True,
        )
        if "Item" not in answer:
            return Versioned(AlertBudget(), 0)
        item = from_attributes(answer["Item"])
        return Versioned(_budget(item), item["version"])

    def write(self, device_id: str, budget: AlertBudget, *, read: Versioned, now: datetime) -> bool:
        """Remember `budget` if nobody changed it since it was read; tell whether it was so."""
        item = _item(budget) | {
            "pk": device_pk(device_id),
            "sk": ALERT_SK,
            "version": read.version + 1,
            "expires_at": int((now + _KEPT_FOR).timestamp()),
        }
        try:
            self._client.put_item(
                TableName=self._table_name,
                Item=to_attributes(item),
                ConditionExpression="attribute_not_exists(pk) OR version = :read",
                ExpressionAttributeValues=to_attributes({":read": read.version}),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _item(budget: AlertBudget) -> dict[str, Any]:
    item: dict[str, Any] = {"suppressed": budget.suppressed, "judged": list(budget.judged)}
    if budget.last_sent_at is not None:
        item["last_sent_at"] = format_time(budget.last_sent_at)
    if budget.claim is not None:
        item["claim"] = {
            "event_id": budget.claim.event_id,
            "until": format_time(budget.claim.until),
            "told": budget.claim.told,
        }
    return item


def _budget(item: dict[str, Any]) -> AlertBudget:
    last_sent_at, claim = item.get("last_sent_at"), item.get("claim")
    return AlertBudget(
        last_sent_at=parse_time(last_sent_at) if last_sent_at is not None else None,
        suppressed=item["suppressed"],
        judged=tuple(item["judged"]),
        claim=Claim(claim["event_id"], parse_time(claim["until"]), claim["told"])
        if claim is not None
        else None,
    )
