from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest

from smile_cloud import CursorError, NotFoundError, QueryError
from smile_cloud.history_api.cursor import CursorCodec
from smile_cloud.history_api.event_history import EventHistory
from smile_cloud.history_api.service import HistoryService
from smile_cloud.keys import DAY_SHARDS
from smile_cloud.store_event.event_store import EventStore
from smile_contract import SmileEvent, uuid7_lower_bound

Build = Callable[..., SmileEvent]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class World:
    """A table with a store and a history on it, both at noon."""

    def __init__(self, client: Any, table: str, max_queries: int = 100) -> None:
        self.now = NOON
        self.store_ = EventStore(
            client,
            table,
            event_retention=timedelta(days=90),
            rollup_retention=timedelta(days=400),
        )
        self.service = HistoryService(
            EventHistory(client, table, max_queries=max_queries),
            CursorCodec(b"k" * 32),
            clock=lambda: self.now,
        )

    def store(self, *events: SmileEvent, received_at: datetime = NOON) -> None:
        for event in events:
            self.store_.store(event, received_at)

    def ask(self, **parameters: str) -> dict[str, Any]:
        given = {name.rstrip("_"): [value] for name, value in parameters.items()}
        return self.service.list_events(given)

    def ids(self, **parameters: str) -> list[str]:
        return [event["event_id"] for event in self.ask(**parameters)["events"]]

    def pages(self, **parameters: str) -> list[list[str]]:
        pages: list[list[str]] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.ask(**parameters, **cursor)
            pages.append([event["event_id"] for event in page["events"]])
            if page["next_cursor"] is None:
                return pages
            assert {"cursor": page["next_cursor"]} != cursor, "no progress"
            cursor = {"cursor": page["next_cursor"]}


@pytest.fixture
def world(aws: SimpleNamespace, table: str) -> World:
    return World(aws.dynamodb, table)


@pytest.fixture
def few(world: World, smile: Build) -> list[SmileEvent]:
    """Events of two devices over three days, newest first."""
    hours = (1, 2, 20, 40, 41, 50)
    events = [
        smile(NOON - timedelta(hours=hour), device_id=f"cam-{index % 2 + 1}")
        for index, hour in enumerate(hours)
    ]
    world.store(*events)
    return events


def test_the_answer_is_the_event_as_sent_when_it_is_listed(world: World, smile: Build) -> None:
    event = smile(NOON, phase="ended")
    world.store(event)
    assert world.ask()["events"] == [event.to_dict() | {"received_at": "2026-11-22T12:00:00.000Z"}]


def test_all_devices_are_listed_newest_first_when_no_device_is_named(
    world: World, few: list[SmileEvent]
) -> None:
    assert world.ids() == [event.event_id for event in few]


def test_one_device_is_listed_when_it_is_named(world: World, few: list[SmileEvent]) -> None:
    assert world.ids(device="cam-2") == [e.event_id for e in few if e.device_id == "cam-2"]
    assert world.ask(device="cam-3") == {"events": [], "next_cursor": None}


@pytest.mark.parametrize("device", [{}, {"device": "cam-1"}])
def test_the_range_includes_its_start_and_not_its_end_when_both_are_given(
    world: World, few: list[SmileEvent], device: dict[str, str]
) -> None:
    newest, _, second, _, third, _ = few
    start, end = third.started_at.isoformat(), newest.started_at.isoformat()
    mine = [event.event_id for event in few[1:5] if not device or event.device_id == "cam-1"]
    assert world.ids(from_=start, to=end, **device) == mine
    assert second.event_id in mine


@pytest.mark.parametrize("device", [{}, {"device": "cam-1"}])
@pytest.mark.parametrize("limit", ["1", "2", "3"])
def test_pages_join_to_the_whole_when_followed(
    world: World, few: list[SmileEvent], device: dict[str, str], limit: str
) -> None:
    pages = world.pages(limit=limit, **device)
    assert list(chain.from_iterable(pages)) == world.ids(**device)
    assert all(len(page) == int(limit) for page in pages[:-1])
    assert pages[-1]


def test_later_pages_are_unmoved_when_newer_events_arrive_between(
    world: World, few: list[SmileEvent], smile: Build
) -> None:
    first = world.ask(limit="2")
    world.store(smile(NOON - timedelta(minutes=1)))
    rest = world.ask(cursor=first["next_cursor"])["events"]
    assert [event["event_id"] for event in rest] == [event.event_id for event in few[2:]]


@pytest.mark.parametrize("device", [{}, {"device": "cam-1"}])
def test_nothing_is_missed_when_a_request_may_ask_but_one_query(
    aws: SimpleNamespace, table: str, few: list[SmileEvent], device: dict[str, str]
) -> None:
    thrifty = World(aws.dynamodb, table, max_queries=1)
    pages = thrifty.pages(**device)
    assert list(chain.from_iterable(pages)) == [
        e.event_id for e in few if not device or e.device_id == "cam-1"
    ]


def test_expired_events_are_hidden_when_the_table_still_holds_them(
    world: World, smile: Build
) -> None:
    old, new = smile(NOON - timedelta(hours=1)), smile(NOON)
    world.store(old, received_at=NOON - timedelta(days=90))
    world.store(new)
    assert world.ids() == world.ids(device="cam-1") == [new.event_id]
    with pytest.raises(NotFoundError, match="expired"):
        world.service.get_event("cam-1", old.event_id)


def test_work_is_bounded_when_a_day_is_full_of_expired_events(
    aws: SimpleNamespace, table: str, smile: Build
) -> None:
    thrifty = World(aws.dynamodb, table, max_queries=4)
    live = smile(NOON - timedelta(hours=9))
    thrifty.store(live)
    for number in range(250):
        expired = smile(NOON - timedelta(seconds=number))
        thrifty.store(expired, received_at=NOON - timedelta(days=91))
    queries = []
    aws.dynamodb.meta.events.register(
        "before-call.dynamodb.Query", lambda **_: queries.append(1), unique_id="count"
    )
    pages = []
    cursor: dict[str, str] = {}
    while True:
        queries.clear()
        page = thrifty.ask(limit="1", **cursor)
        assert len(queries) <= 4 + 1 + DAY_SHARDS, "the days, and a query begun in each shard"
        pages += page["events"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    aws.dynamodb.meta.events.unregister("before-call.dynamodb.Query", unique_id="count")
    assert [event["event_id"] for event in pages] == [live.event_id]


def test_an_event_is_listed_as_long_as_it_is_kept_when_its_end_came_days_later(
    aws: SimpleNamespace, table: str, smile: Build
) -> None:
    world = World(aws.dynamodb, table)
    started = smile(NOON)
    ended = smile(NOON, phase="ended", event_id=started.event_id)
    world.store(started)
    world.store(ended, received_at=NOON + timedelta(days=80))
    [note] = aws.dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "DAYS"}},
    )["Items"]
    kept_until = NOON + timedelta(days=80 + 90)
    assert int(note["expires_at"]["N"]) >= kept_until.timestamp()


def test_old_events_are_found_when_they_lie_years_apart(world: World, smile: Build) -> None:
    events = [smile(datetime(year, 6, 1, tzinfo=UTC)) for year in (2026, 2016, 1970)]
    world.store(*events)
    assert world.ids() == [event.event_id for event in events]
    assert world.ids(to="2000-01-01T00:00:00Z") == [events[2].event_id]


@pytest.mark.parametrize(
    "other",
    [{}, {"device": "cam-2"}, {"device": "cam-1", "to": "2026-11-23T00:00:00Z"}],
)
def test_a_cursor_is_refused_when_the_query_is_another(
    world: World, few: list[SmileEvent], other: dict[str, str]
) -> None:
    cursor = world.ask(device="cam-1", limit="1")["next_cursor"]
    assert world.ids(device="cam-1", limit="2", cursor=cursor)
    with pytest.raises(CursorError, match="cursor"):
        world.ask(cursor=cursor, **other)


def test_one_event_is_found_when_its_id_is_written_in_capitals(
    world: World, few: list[SmileEvent]
) -> None:
    found = world.service.get_event("cam-1", few[0].event_id.upper())
    assert few[0].to_dict().items() <= found.items()


def test_an_event_is_missing_when_the_device_is_another(
    world: World, few: list[SmileEvent]
) -> None:
    with pytest.raises(NotFoundError):
        world.service.get_event("cam-2", few[0].event_id)


@pytest.mark.parametrize(
    ("device", "event_id", "named"),
    [
        ("cam 1", uuid7_lower_bound(NOON), ["device"]),
        ("cam-1", "42", ["event_id"]),
        ("", "9c5b94b1-35ad-49bb-b118-8e8fc24abf80", ["device", "event_id"]),
    ],
)
def test_the_bad_part_is_named_when_a_path_cannot_exist(
    world: World, device: str, event_id: str, named: list[str]
) -> None:
    with pytest.raises(QueryError) as caught:
        world.service.get_event(device, event_id)
    assert [problem.parameter for problem in caught.value.problems] == named
