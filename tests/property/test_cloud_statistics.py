"""The hours and days of every time zone cover each moment once, so they add up to the total."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from smile_cloud.counts import Counts
from smile_cloud.history_api.statistics.buckets import DAY, HOUR, PERIODS, buckets
from smile_cloud.history_api.statistics.hourly_counts import HourlyCounts
from smile_cloud.history_api.statistics.service import StatisticsService
from smile_cloud.rollups import QUARTER, rollup_writes
from smile_cloud.time_zones import is_time_zone
from tests.helpers.functions import AWS_ENVIRONMENT
from tests.helpers.template import create_events_table

ZONES = sorted(name for name in available_timezones() if is_time_zone(name))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(315_619_200_000, 4_099_680_000_000).map(  # 1980-01-02 to 2099-11-30
    lambda ms: EPOCH + timedelta(milliseconds=ms)
)
few_examples = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@given(
    MOMENTS,
    st.integers(0, 20 * 86_400_000).map(lambda ms: timedelta(milliseconds=ms)),
    st.sampled_from(ZONES),
    st.sampled_from(PERIODS),
)
def test_each_quarter_of_the_range_is_in_exactly_one_entry(
    start: datetime, length: timedelta, zone: str, per: str
) -> None:
    found = buckets(start, start + length, per, zone)
    assert found[0].start <= start
    assert found[-1].end >= start + length
    edges = [found[0].start, *(one.end for one in found)]
    assert [one.start for one in found] == edges[:-1]
    moments = [edge.astimezone(UTC) for edge in edges]  # local times are compared by their digits
    assert all(a < b for a, b in itertools.pairwise(moments))
    assert {(moment - EPOCH) % QUARTER for moment in moments} == {timedelta(0)}


def test_the_days_of_a_year_are_local_days_that_cover_it() -> None:
    for zone in ZONES:
        days = buckets(*YEAR, DAY, zone)
        lengths = [day.end.astimezone(UTC) - day.start.astimezone(UTC) for day in days]
        assert set(lengths) <= {
            timedelta(hours=hours) for hours in (22, 23, 23.5, 24, 24.5, 25, 26)
        }
        assert sum(lengths, timedelta(0)) >= YEAR[1] - YEAR[0]
        assert len({day.start.date() for day in days}) == len(days)
        for day in days:
            last = (day.end.astimezone(UTC) - QUARTER).astimezone(ZoneInfo(zone))
            assert day.start.date() == last.date() == day.end.date() - timedelta(days=1)


@given(st.sampled_from(ZONES), st.datetimes(*(at.replace(tzinfo=None) for at in YEAR)))
def test_an_hour_is_as_long_as_its_name_lasts(zone: str, at: datetime) -> None:
    start = at.replace(tzinfo=UTC)
    for hour in buckets(start, start + timedelta(days=2), HOUR, zone):
        instants = [hour.start.astimezone(UTC)]
        while (following := instants[-1] + QUARTER) < hour.end.astimezone(UTC):
            instants.append(following)
        local = [instant.astimezone(ZoneInfo(zone)) for instant in instants]
        assert {(one.hour, one.utcoffset()) for one in local} == {
            (hour.start.hour, hour.start.utcoffset())
        }
        assert len(instants) <= 4


@pytest.fixture(scope="module")
def stored() -> Iterator[tuple[StatisticsService, list[datetime]]]:
    """The service, and when the events that it counts have started: about the change of clocks."""
    draw = random.Random(7)
    start = datetime(2026, 10, 20, tzinfo=UTC)
    moments = [start + timedelta(minutes=draw.randrange(20 * 1440)) for _ in range(150)]
    environment = pytest.MonkeyPatch()
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in AWS_ENVIRONMENT.items():
        environment.setenv(name, value)
    with mock_aws():
        client = boto3.client("dynamodb")
        table = create_events_table(client, "events")
        for number, at in enumerate(moments):
            counts = Counts(events=1, ended=1, duration_ms=number)
            writes = rollup_writes(table, f"cam-{number}", at, counts, expires_at=2**33)
            client.transact_write_items(TransactItems=writes)
        yield StatisticsService(HourlyCounts(client, table)), moments
    environment.undo()


@few_examples
@given(
    st.sampled_from(ZONES),
    st.sampled_from(PERIODS),
    st.integers(0, 20 * 24 * 60),
    st.integers(0, 20 * 24 * 60),
)
def test_the_entries_add_up_to_the_events_of_the_range(
    stored: tuple[StatisticsService, list[datetime]], zone: str, per: str, one: int, other: int
) -> None:
    service, moments = stored
    start = datetime(2026, 10, 20, tzinfo=UTC)
    edges = sorted(start + timedelta(minutes=minutes) for minutes in (one, other))
    given_range = {"from": [edges[0].isoformat()], "to": [edges[1].isoformat()]}
    answer = service.answer(given_range | {"per": [per], "time_zone": [zone]})
    covered = [datetime.fromisoformat(answer[name]) for name in ("from", "to")]
    numbers = [n for n, at in enumerate(moments) if covered[0] <= at < covered[1]]
    assert answer["total"]["events"] == len(numbers)
    assert sum(bucket["events"] for bucket in answer["buckets"]) == len(numbers)
    mean = round(sum(numbers) / len(numbers)) if numbers else None
    assert answer["total"]["mean_duration_ms"] == mean
    for bucket in answer["buckets"]:
        low, high = (datetime.fromisoformat(bucket[name]) for name in ("start", "end"))
        assert bucket["events"] == sum(low <= at < high for at in moments)
