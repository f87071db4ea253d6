"""``GET /v1/stats``: counts by local hour or day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from smile_cloud.attributes import to_attributes
from smile_cloud.counts import Counts
from smile_cloud.history_api.statistics.hourly_counts import HourlyCounts
from smile_cloud.history_api.statistics.service import StatisticsService
from smile_cloud.http.errors import QueryError
from smile_cloud.keys import device_pk, hour_sk
from smile_cloud.rollups import rollup_writes
from tests.helpers.aws_calls import failing, watched
from tests.helpers.template import ROOT, properties

NOW = datetime(2026, 11, 22, 17, 40, 1, tzinfo=UTC)
LATER = int((NOW + timedelta(days=400)).timestamp())
ONE = Counts(events=1, ended=1, duration_ms=500, not_smile=1)
Parameters = dict[str, str]


class Statistics:
    """The service on a table that gets counts."""

    def __init__(self, aws: SimpleNamespace, table: str) -> None:
        self.client, self.table = aws.dynamodb, table
        self._service = StatisticsService(HourlyCounts(self.client, table), clock=lambda: NOW)

    def add(
        self, at: datetime, device_id: str = "cam-1", counts: Counts = ONE, expires_at: int = LATER
    ) -> None:
        writes = rollup_writes(self.table, device_id, at, counts, expires_at=expires_at)
        self.client.transact_write_items(TransactItems=writes)

    def get(self, **parameters: str) -> dict[str, Any]:
        """Return the answer to a request; ``from_`` stands for ``from``."""
        given = {name.rstrip("_"): [value] for name, value in parameters.items()}
        return self._service.answer(given)

    def events(self, **parameters: str) -> dict[str, int]:
        """Return the number of events by the start of their entry, without entries of none."""
        buckets = self.get(**parameters)["buckets"]
        return {one["start"]: one["events"] for one in buckets if one["events"]}


@pytest.fixture
def statistics(aws: SimpleNamespace, table: str) -> Statistics:
    return Statistics(aws, table)


def berlin(per: str, from_: str, to: str) -> Parameters:
    return {"per": per, "from_": from_, "to": to, "time_zone": "Europe/Berlin"}


def test_an_entry_holds_all_counts(statistics: Statistics) -> None:
    statistics.add(NOW)
    statistics.add(NOW + timedelta(minutes=5), counts=Counts(1, 1, 1001, smile=1))
    statistics.add(NOW, counts=Counts(events=1, unsure=1))
    answer = statistics.get(from_="2026-11-22T00:00:00Z", device="cam-1")
    counts = {
        "events": 3,
        "ended": 2,
        "mean_duration_ms": 750,
        "feedback": {"smile": 1, "not_smile": 1, "unsure": 1},
    }
    start, end = "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"
    assert answer == {
        "device": "cam-1",
        "from": start,
        "to": end,
        "per": "day",
        "time_zone": "UTC",
        "total": counts,
        "buckets": [{"start": start, "end": end, **counts}],
    }


def test_the_last_30_days_are_counted_when_no_time_is_given(statistics: Statistics) -> None:
    answer = statistics.get()
    assert (answer["device"], answer["from"]) == (None, "2026-10-23T00:00:00Z")
    assert answer["to"] == "2026-11-23T00:00:00Z"
    assert len(answer["buckets"]) == 31
    assert answer["total"]["mean_duration_ms"] is None


def test_the_last_24_hours_are_counted_when_no_time_is_given(statistics: Statistics) -> None:
    answer = statistics.get(per="hour")
    assert (answer["from"], answer["to"]) == ("2026-11-21T17:00:00Z", "2026-11-22T18:00:00Z")
    assert len(answer["buckets"]) == 25


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"from_": "2027-01-01T00:00:00Z"}, ("2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z")),
        ({"to": "2026-11-20T00:00:00Z"}, ("2026-10-21T00:00:00Z", "2026-11-20T00:00:00Z")),
        ({"to": "1980-01-01T00:00:00Z"}, ("1980-01-01T00:00:00Z", "1980-01-02T00:00:00Z")),
        (
            {"from_": "2026-11-22T00:00:00Z", "to": "2026-11-22T00:00:00Z"},
            ("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
        ),
    ],
)
def test_the_range_is_widened_to_whole_days(
    statistics: Statistics, given: Parameters, expected: tuple[str, str]
) -> None:
    answer = statistics.get(**given)
    assert (answer["from"], answer["to"]) == expected


def test_all_devices_are_counted_when_none_is_named(statistics: Statistics) -> None:
    for number in range(12):
        statistics.add(NOW, device_id=f"cam-{number}")
    assert statistics.events() == {"2026-11-22T00:00:00Z": 12}
    assert statistics.events(device="cam-3") == {"2026-11-22T00:00:00Z": 1}
    assert statistics.events(device="cam-99") == {}


@pytest.mark.parametrize(
    ("day", "after", "hours", "offsets"),
    [
        ("2026-03-29", "2026-03-30", 23, ("+01:00", "+02:00")),
        ("2026-10-25", "2026-10-26", 25, ("+02:00", "+01:00")),
        ("2026-11-22", "2026-11-23", 24, ("+01:00", "+01:00")),
    ],
)
def test_a_day_follows_the_clocks_when_they_change(
    statistics: Statistics, day: str, after: str, hours: int, offsets: tuple[str, str]
) -> None:
    start, end = f"{day}T00:00:00{offsets[0]}", f"{after}T00:00:00{offsets[1]}"
    begins = datetime.fromisoformat(start)
    for number in range(-1, hours + 1):
        statistics.add(begins.astimezone(UTC) + timedelta(hours=number))
    assert statistics.events(**berlin("day", start, end)) == {start: hours}
    by_hour = statistics.get(**berlin("hour", start, end))["buckets"]
    assert len({one["start"] for one in by_hour}) == len(by_hour) == hours
    assert {one["events"] for one in by_hour} == {1}


@pytest.mark.parametrize(
    ("time_zone", "at", "start"),
    [
        ("Asia/Kolkata", "2026-11-22T18:29:00Z", "2026-11-22T23:00:00+05:30"),
        ("Asia/Kolkata", "2026-11-22T18:30:00Z", "2026-11-23T00:00:00+05:30"),
        ("Asia/Kathmandu", "2026-11-22T18:14:59Z", "2026-11-22T23:00:00+05:45"),
        ("Asia/Kathmandu", "2026-11-22T18:15:00Z", "2026-11-23T00:00:00+05:45"),
        ("Pacific/Marquesas", "2026-11-22T09:29:59Z", "2026-11-21T23:00:00-09:30"),
        # The clocks go back by half an hour at 02:00: 01:30 comes twice.
        ("Australia/Lord_Howe", "2026-04-04T14:45:00Z", "2026-04-05T01:00:00+11:00"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-05T01:30:00+10:30"),
        ("Australia/Lord_Howe", "2026-04-04T15:30:00Z", "2026-04-05T02:00:00+10:30"),
    ],
)
def test_an_event_counts_in_its_local_hour_when_hours_start_at_another_quarter(
    statistics: Statistics, time_zone: str, at: str, start: str
) -> None:
    moment = datetime.fromisoformat(at)
    statistics.add(moment)
    hour = timedelta(hours=1)
    found = statistics.events(
        per="hour",
        time_zone=time_zone,
        from_=(moment - hour).isoformat(),
        to=(moment + hour).isoformat(),
    )
    assert found == {start: 1}


def test_a_date_that_a_zone_skipped_has_no_entry(statistics: Statistics) -> None:
    answer = statistics.get(
        from_="2011-12-29T12:00:00-10:00", to="2011-12-31T12:00:00+14:00", time_zone="Pacific/Apia"
    )
    starts = [one["start"] for one in answer["buckets"]]
    assert starts == ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"]


def test_an_hour_is_not_counted_when_it_has_expired(statistics: Statistics) -> None:
    statistics.add(NOW, expires_at=int(NOW.timestamp()))
    assert statistics.events() == {}
    statistics.add(NOW, expires_at=int(NOW.timestamp()) + 1)
    assert statistics.events() == {"2026-11-22T00:00:00Z": 2}


def test_the_events_of_a_device_are_not_read(statistics: Statistics) -> None:
    with watched(statistics.client, "Query") as calls:
        statistics.get(device="cam-1", from_="2026-11-22T00:00:00Z", to="2026-11-23T00:00:00Z")
        values = calls[0]["ExpressionAttributeValues"]
        assert (values[":first"]["S"], values[":last"]["S"]) == (
            "HOUR#2026-11-22T00",
            "HOUR#2026-11-22T23",
        )
        statistics.get()
    assert len(calls) == 1 + 6


def test_every_page_is_read_when_a_query_returns_many(statistics: Statistics) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    filler = {f"filler{number}": "x" * 100_000 for number in range(3)}
    for number in range(5):
        at = start + timedelta(hours=number)
        item = {"pk": device_pk("cam-1"), "sk": hour_sk(at), "e0": 1, "expires_at": LATER, **filler}
        statistics.client.put_item(TableName=statistics.table, Item=to_attributes(item))
    with watched(statistics.client, "Query") as calls:
        given = {"from_": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
        assert statistics.get(device="cam-1", **given)["total"]["events"] == 5
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"per": "week"}, ["per"]),
        ({"time_zone": "Berlin"}, ["time_zone"]),
        ({"time_zone": ""}, ["time_zone"]),
        ({"time_zone": "../../etc/passwd"}, ["time_zone"]),
        ({"time_zone": "Factory"}, ["time_zone"]),
        ({"device": "../x", "zone": "UTC"}, ["zone", "device"]),
        ({"from_": "today"}, ["from"]),
        ({"from_": "1979-12-31T23:59:59Z"}, ["from"]),
        ({"to": "2100-01-01T00:00:01Z"}, ["to"]),
        ({"from_": "2026-11-22T00:00:00Z", "to": "2026-11-21T00:00:00Z"}, ["to"]),
        ({"from_": "2025-01-01T00:00:00Z", "to": "2026-02-05T00:00:01Z"}, ["to"]),
        ({"from_": "2026-01-01T00:00:00Z", "to": "2026-03-04T00:00:01Z", "per": "hour"}, ["to"]),
    ],
)
def test_every_bad_parameter_is_named_when_a_request_is_refused(
    statistics: Statistics, given: Parameters, named: list[str]
) -> None:
    with pytest.raises(QueryError) as caught:
        statistics.get(**given)
    assert [problem.parameter for problem in caught.value.problems] == named


@pytest.mark.parametrize(
    ("per", "to", "count"),
    [("day", "2026-02-05T00:00:00Z", 400), ("hour", "2025-03-04T00:00:00Z", 62 * 24)],
)
def test_the_longest_range_is_answered(
    statistics: Statistics, per: str, to: str, count: int
) -> None:
    answer = statistics.get(per=per, from_="2025-01-01T00:00:00Z", to=to)
    assert len(answer["buckets"]) == count


def test_the_error_is_raised_when_a_query_fails(statistics: Statistics) -> None:
    failure = failing(statistics.client, "Query", after=3)
    with failure, pytest.raises(EndpointConnectionError):
        statistics.get()


def test_a_month_of_all_devices_gets_a_whole_cpu(template: dict[str, Any]) -> None:
    memory = properties(template, "HistoryApiFunction")["MemorySize"]
    assert memory >= 1769, "Lambda gives a whole CPU for 1,769 MB, and the month takes 0.6 s of it"
    text = " ".join((ROOT / "docs/benchmarks.md").read_text("utf-8").split())
    assert f"`history_api` has {memory:,} MB of memory" in text
