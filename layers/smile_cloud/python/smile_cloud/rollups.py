"""Counts by hour: one item for each device and hour, and one for each shard of the fleet and hour.

An item counts each quarter of its UTC hour apart, because a local hour may begin at any of them: no
time zone has had another offset since 1980. An attribute has the name of a code of this table
and the number of the quarter; a count that was never above zero has no attribute. ``e0`` counts the
events of the first 15 minutes, ``d3`` is the sum of the durations of the last 15. Short names halve
the read units, since DynamoDB counts the bytes of names too.

=========  =====================================================
code       count
=========  =====================================================
``e``      events
``n``      ended
``d``      duration_ms
``s``      smile, by feedback
``x``      not_smile, by feedback
``u``      unsure, by feedback
=========  =====================================================

These writes belong into the transaction that changes the event. That transaction requires that the
event is still as it was read, so nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.attributes import to_attributes
from smile_cloud.counts import COUNT_NAMES, Counts
from smile_cloud.keys import HOUR_PREFIX, device_pk, fleet_pk, fleet_shard_of, hour_sk

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

QUARTERS: Final = 4
QUARTER: Final = timedelta(minutes=15)
_LETTERS: Final = dict(zip(COUNT_NAMES, "endsxu", strict=True))
COUNT_ATTRIBUTES: Final = tuple(
    f"{letter}{quarter}" for quarter in range(QUARTERS) for letter in _LETTERS.values()
)
# A message may wait 14 days in EventsQueue and 14 in the dead-letter queue, and the message that
# is stored last sets when the hour expires.
_LATEST_STORE: Final = timedelta(days=28)


def rollup_retention(*, events: timedelta, rollups: timedelta) -> timedelta:
    """Return how long to keep an hour after the arrival of a message: longer than its events.

    Otherwise deleting an event would subtract it from an hour that no longer counts it.

    Parameters
    ----------
    events, rollups : timedelta
        How long the settings keep events and hourly counts.
    """
    return max(rollups, events + _LATEST_STORE)


def quarter_counts(item: Mapping[str, Any]) -> tuple[Counts, ...]:
    """Return the counts of the four quarters of an hour, from the attributes of its item."""
    return tuple(
        Counts(*(item.get(f"{letter}{quarter}", 0) for letter in _LETTERS.values()))
        for quarter in range(QUARTERS)
    )


def rollup_writes(
    table_name: str,
    device_id: str,
    started_at: datetime,
    change: Counts,
    *,
    expires_at: int | None = None,
) -> list[TransactWriteItemTypeDef]:
    """Return the writes that add `change` to the hour of a device and to that of the fleet.

    None are needed without a change and without `expires_at`.

    Parameters
    ----------
    table_name, device_id : str
    started_at : datetime
        When the smile started.
    change : Counts
        All zeros change nothing but the time at which the hours expire.
    expires_at : int, optional
        Seconds since 1970. Leave it out unless a message of the event arrived: an hour that counts
        an event exists and outlives it.
    """
    hour = hour_sk(started_at)
    quarter = started_at.astimezone(UTC).minute * QUARTERS // 60
    added = _attributes(quarter, change)
    if not added and expires_at is None:
        return []
    return [
        _addition(table_name, pk, hour, added, expires_at)
        for pk in (device_pk(device_id), fleet_pk(fleet_shard_of(device_id)))
    ]


def hour_removal_writes(
    table_name: str, device_id: str, item: Mapping[str, Any]
) -> list[TransactWriteItemTypeDef]:
    """Return the writes that delete an hour of a device and subtract it from the fleet's.

    The transaction fails if the hour is not as `item` says, or no longer there.

    Parameters
    ----------
    table_name, device_id : str
    item : Mapping
        The attributes of the device's hour.
    """
    counted = {name: item[name] for name in COUNT_ATTRIBUTES if name in item}
    unchanged = [
        f"{name} = :{name}" if name in counted else f"attribute_not_exists({name})"
        for name in COUNT_ATTRIBUTES
    ]
    deletion: TransactWriteItemTypeDef = {
        "Delete": {
            "TableName": table_name,
            "Key": to_attributes({"pk": device_pk(device_id), "sk": item["sk"]}),
            "ConditionExpression": " AND ".join(["attribute_exists(pk)", *unchanged]),
        }
    }
    if not counted:
        return [deletion]
    values = {f":{name}": value for name, value in counted.items()}
    deletion["Delete"]["ExpressionAttributeValues"] = to_attributes(values)
    fleet = fleet_pk(fleet_shard_of(device_id))
    subtracted = {name: -value for name, value in counted.items()}
    return [deletion, _addition(table_name, fleet, item["sk"], subtracted, None)]


def hour_of(item: Mapping[str, Any]) -> datetime:
    """Return the start of the hour that an item counts, UTC."""
    hour = str(item["sk"]).removeprefix(HOUR_PREFIX)
    return datetime.fromisoformat(f"{hour}:00:00+00:00")


def _attributes(quarter: int, counts: Counts) -> dict[str, int]:
    """Return the attributes of the counts that are not zero."""
    return {
        f"{_LETTERS[name]}{quarter}": count for name, count in counts.as_dict().items() if count
    }


def _addition(
    table_name: str, pk: str, sk: str, added: Mapping[str, int], expires_at: int | None
) -> TransactWriteItemTypeDef:
    clauses = []
    values = {f":{name}": value for name, value in added.items()}
    if added:
        clauses.append("ADD " + ", ".join(f"{name} :{name}" for name in added))
    if expires_at is not None:
        clauses.append("SET expires_at = :expires_at")
        values[":expires_at"] = expires_at
    return {
        "Update": {
            "TableName": table_name,
            "Key": to_attributes({"pk": pk, "sk": sk}),
            "UpdateExpression": " ".join(clauses),
            "ExpressionAttributeValues": to_attributes(values),
        }
    }
