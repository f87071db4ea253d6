"""Times have one spelling, and ids sort by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import reduce
from operator import or_
from uuid import UUID

import pytest

from smile_contract import (
    LATEST_TIME,
    LATEST_UNIX_MS,
    ContractError,
    format_time,
    is_device_id,
    parse_time,
    truncate_to_ms,
    uuid7,
    uuid7_lower_bound,
    uuid7_time,
)

AT = datetime(2026, 7, 4, 22, 52, 54, 139_000, tzinfo=UTC)
NEW_YEAR_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def test_time_is_written_in_utc_when_it_has_another_zone() -> None:
    in_delhi = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert format_time(in_delhi) == "2026-07-04T22:52:54.139Z"
    assert truncate_to_ms(in_delhi).utcoffset() == timedelta(0)


def test_microseconds_are_cut_not_rounded() -> None:
    assert format_time(AT + timedelta(microseconds=999)) == "2026-07-04T22:52:54.139Z"


def test_error_says_when_a_time_has_no_zone() -> None:
    with pytest.raises(ContractError, match="time: expected a time with a time zone"):
        format_time(datetime(2026, 7, 4))


def test_first_time_that_an_event_can_name_is_1970() -> None:
    assert parse_time("1970-01-01T00:00:00.000Z") == NEW_YEAR_1970
    assert uuid7_time(uuid7(NEW_YEAR_1970)) == NEW_YEAR_1970
    with pytest.raises(ContractError, match="1970 or later"):
        uuid7(NEW_YEAR_1970 - timedelta(milliseconds=1))
    with pytest.raises(ContractError, match="1970 or later"):
        parse_time("1969-12-31T23:59:59.999Z")


def test_latest_time_is_the_last_that_can_be_read_back() -> None:
    assert round(LATEST_TIME.timestamp() * 1000) == LATEST_UNIX_MS
    assert parse_time(format_time(LATEST_TIME)) == LATEST_TIME
    assert uuid7_time(uuid7(LATEST_TIME)) == LATEST_TIME
    with pytest.raises(OverflowError):
        LATEST_TIME + timedelta(milliseconds=1)
    next_ms = LATEST_UNIX_MS + 1
    with pytest.raises(ContractError, match="event_id: expected a UUIDv7 of a year up to 9999"):
        uuid7_time(str(UUID(int=next_ms << 80 | 7 << 76 | 2 << 62)))


@pytest.mark.parametrize("text", ["2026-07-04T22:52:54.139+00:00", "٢٠٢٦-07-04T22:52:54.139Z", ""])
def test_time_is_refused_in_any_other_spelling(text: str) -> None:
    with pytest.raises(ContractError, match="expected a UTC time such as"):
        parse_time(text)


def test_ids_of_one_millisecond_differ_in_every_random_bit() -> None:
    numbers = [UUID(uuid7(AT)).int for _ in range(100)]
    assert len(set(numbers)) == 100
    lower_bound = UUID(uuid7_lower_bound(AT)).int
    assert uuid7_lower_bound(AT) == "019f2f55-b5fb-7000-8000-000000000000"
    random_bits = reduce(or_, (number ^ lower_bound for number in numbers))
    assert random_bits.bit_count() == 74  # 128 less time, version and variant


@pytest.mark.parametrize("wrong", [None, 3, "", "019f2f55-b5fb-4abc-8def-0123456789ab"])
def test_error_names_the_field_when_an_id_is_not_a_uuid7(wrong: object) -> None:
    with pytest.raises(ContractError, match="my_id: expected a UUIDv7 in lower case, got"):
        uuid7_time(wrong, "my_id")


@pytest.mark.parametrize(("text", "valid"), [("cam-1", True), ("a b", False), (1, False)])
def test_device_id_is_valid_only_as_a_thing_name_of_aws_iot(text: object, valid: bool) -> None:
    assert is_device_id(text) is valid
