from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from smile_cloud.event_days import EventDays
from tests.helpers.aws_calls import watched

DAY = date(2026, 11, 22)
EXPIRES_AT = int(datetime(2027, 2, 20, tzinfo=UTC).timestamp())
HOUR_S = 3600


@pytest.fixture
def days(aws: SimpleNamespace, table: str) -> EventDays:
    return EventDays(aws.dynamodb, table)


def kept_until(aws: SimpleNamespace, table: str) -> int:
    key = {"pk": {"S": "DAYS"}, "sk": {"S": f"DAY#{DAY}"}}
    item = aws.dynamodb.get_item(TableName=table, Key=key)["Item"]
    return int(item["expires_at"]["N"])


def test_a_day_is_written_once_when_its_smiles_arrive_within_24_hours(
    aws: SimpleNamespace, table: str, days: EventDays
) -> None:
    with watched(aws.dynamodb, "UpdateItem") as writes:
        for hours in (0, 1, 24, 12):
            days.add(DAY, EXPIRES_AT + hours * HOUR_S)
        assert len(writes) == 1
        days.add(DAY, EXPIRES_AT + 25 * HOUR_S)
        assert len(writes) == 2
    assert kept_until(aws, table) >= EXPIRES_AT + 25 * HOUR_S


def test_a_day_is_kept_long_enough_when_another_environment_wrote_it(
    aws: SimpleNamespace, table: str, days: EventDays
) -> None:
    days.add(DAY, EXPIRES_AT - 24 * HOUR_S)
    assert kept_until(aws, table) == EXPIRES_AT
    other = EventDays(aws.dynamodb, table)
    other.add(DAY, EXPIRES_AT)
    assert kept_until(aws, table) == EXPIRES_AT, "long enough already"
    other.add(DAY, EXPIRES_AT + 12 * HOUR_S)
    assert kept_until(aws, table) >= EXPIRES_AT + 12 * HOUR_S


def test_the_error_is_raised_when_a_day_cannot_be_written(aws: SimpleNamespace) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        EventDays(aws.dynamodb, "no-such-table").add(DAY, EXPIRES_AT)


def test_days_come_newest_first_when_a_range_is_read(days: EventDays) -> None:
    for number in (20, 22, 21, 24):
        days.add(date(2026, 11, number), EXPIRES_AT)
    found = days.between(date(2026, 11, 21), date(2026, 11, 24))
    assert [day.day for day in found] == [24, 22, 21]
