"""What one change writes to the hours of a device and of the fleet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from botocore.exceptions import ClientError

from bench.cloud.item_size import read_units
from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.counts import Counts, event_counts
from smile_cloud.keys import fleet_pk, fleet_shard_of
from smile_cloud.rollups import (
    COUNT_ATTRIBUTES,
    QUARTER,
    hour_of,
    hour_removal_writes,
    quarter_counts,
    rollup_writes,
)

AT = datetime(2026, 11, 22, 17, 29, 59, 999_000, tzinfo=UTC)
HOUR = "HOUR#2026-11-22T17"
ONE = Counts(events=1, ended=1, duration_ms=500, unsure=1)


class Hours:
    """The hours of cam-1 and of its shard of the fleet."""

    def __init__(self, aws: SimpleNamespace, table: str) -> None:
        self._client, self._table = aws.dynamodb, table

    def write(self, writes: list[Any]) -> None:
        self._client.transact_write_items(TransactItems=writes)

    def add(self, change: Counts, at: datetime = AT, device_id: str = "cam-1") -> None:
        self.write(rollup_writes(self._table, device_id, at, change, expires_at=2))

    def remove(self, item: dict[str, Any]) -> None:
        self.write(hour_removal_writes(self._table, "cam-1", item))

    def get(self, pk: str) -> dict[str, Any]:
        key = to_attributes({"pk": pk, "sk": HOUR})
        found = self._client.get_item(TableName=self._table, Key=key)
        return from_attributes(found.get("Item", {}))

    @property
    def device(self) -> dict[str, Any]:
        return self.get("DEVICE#cam-1")

    @property
    def fleet(self) -> dict[str, Any]:
        return self.get(fleet_pk(fleet_shard_of("cam-1")))


@pytest.fixture
def hours(aws: SimpleNamespace, table: str) -> Hours:
    return Hours(aws, table)


@pytest.mark.parametrize(
    ("phase", "feedback", "expected"),
    [
        ("started", None, Counts(events=1)),
        ("ended", None, Counts(events=1, ended=1, duration_ms=500)),
        ("started", "smile", Counts(events=1, smile=1)),
        ("ended", "not_smile", Counts(events=1, ended=1, duration_ms=500, not_smile=1)),
        ("ended", "unsure", ONE),
    ],
)
def test_an_event_counts_once_in_each_count_it_belongs_to(
    phase: str, feedback: str | None, expected: Counts
) -> None:
    item: dict[str, Any] = {"phase": phase, "duration_ms": 500}
    if feedback is not None:
        item["feedback"] = {"verdict": feedback}
    assert event_counts(item) == expected
    assert event_counts(item) - event_counts(item) == event_counts(None) == Counts()


def test_only_counts_above_zero_take_up_room(hours: Hours) -> None:
    hours.add(Counts(events=1))
    expected = {"sk": HOUR, "e1": 1, "expires_at": 2}
    assert hours.device == expected | {"pk": "DEVICE#cam-1"}
    assert hours.fleet == expected | {"pk": "FLEET#4"}


def test_the_hour_is_kept_longer_when_a_message_changes_no_count(hours: Hours) -> None:
    hours.add(Counts())
    assert hours.device == {"pk": "DEVICE#cam-1", "sk": HOUR, "expires_at": 2}


@pytest.mark.parametrize(("minute", "quarter"), [(0, 0), (14, 0), (15, 1), (45, 3), (59, 3)])
def test_an_event_counts_in_the_quarter_in_which_it_started(
    hours: Hours, minute: int, quarter: int
) -> None:
    hours.add(ONE, AT.replace(minute=minute).astimezone(ZoneInfo("Asia/Kathmandu")))
    counts = quarter_counts(hours.device)
    assert counts[quarter] == ONE
    assert sum(counts, Counts()) == ONE
    assert hour_of(hours.device) == AT.replace(minute=0, second=0, microsecond=0)


def test_nothing_is_left_of_a_device_when_its_hour_is_removed(hours: Hours) -> None:
    hours.add(ONE)
    hours.add(ONE, AT + QUARTER)
    hours.add(Counts(events=1), device_id="cam-2")
    assert fleet_shard_of("cam-2") == fleet_shard_of("cam-1")
    hours.remove(hours.device)
    assert hours.device == {}
    assert sum(quarter_counts(hours.fleet), Counts()) == Counts(events=1)


@pytest.mark.parametrize("change", [ONE, Counts(smile=1), Counts(events=-1)])
def test_the_hour_stays_when_it_changes_before_it_is_removed(hours: Hours, change: Counts) -> None:
    hours.add(Counts(events=1))
    item = hours.device
    hours.add(change)
    fleet = hours.fleet
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        hours.remove(item)
    assert hours.device != {}
    assert hours.fleet == fleet


def test_the_hour_is_subtracted_once_when_its_removal_repeats(hours: Hours) -> None:
    hours.add(ONE)
    item = hours.device
    hours.remove(item)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        hours.remove(item)
    assert sum(quarter_counts(hours.fleet), Counts()) == Counts()


def test_an_hour_without_counts_is_removed_too(hours: Hours) -> None:
    hours.add(Counts())
    hours.remove(hours.device)
    assert hours.device == {}


def test_a_month_of_the_fleet_costs_at_most_100_read_units() -> None:
    """A shard counts 167 of 1,000 cameras; each camera has three smiles in a quarter of an hour."""
    counts = {"e": 501, "n": 501, "d": 501 * 2760, "s": 40, "x": 10, "u": 2}
    item = {f"{letter}{quarter}": count for letter, count in counts.items() for quarter in range(4)}
    assert set(item) == set(COUNT_ATTRIBUTES)
    attributes = to_attributes(item | {"pk": fleet_pk(0), "sk": HOUR, "expires_at": 2**31})
    assert 6 * read_units([attributes] * 31 * 24) <= 100


def test_every_local_hour_starts_at_a_quarter_of_a_utc_hour_since_1980() -> None:
    """Otherwise the counts of a quarter would belong to two local hours."""
    start = datetime(1980, 1, 1, tzinfo=UTC)
    instants = [start + timedelta(days=days) for days in range(0, 60 * 365, 60)]
    for zone in map(ZoneInfo, available_timezones()):
        offsets = {at.astimezone(zone).utcoffset() or timedelta(0) for at in instants}
        assert {offset % QUARTER for offset in offsets} == {timedelta(0)}, zone
