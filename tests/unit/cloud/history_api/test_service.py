from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from smile_cloud.http.errors import NotFoundError
from smile_cloud.http.signed_cursor import CursorError
from smile_cloud.keys import DAY_SHARDS
from smile_contract import SmileEvent
from tests.helpers.aws_calls import failing, watched
from tests.helpers.events import smile_event
from tests.helpers.history import NOON, History

HOUR = timedelta(hours=1)
LONG_AGO = NOON - timedelta(days=91)  # what arrived then has expired
DEVICES = [{}, {"device": "cam-1"}]


def smiles(number: int) -> list[SmileEvent]:
    """Return smiles one second apart, newest first."""
    return [smile_event(started_at=NOON - timedelta(seconds=n)) for n in range(number)]


@pytest.fixture
def history(aws: SimpleNamespace, table: str) -> History:
    return History(aws.dynamodb, table)


@pytest.fixture
def few(history: History) -> list[SmileEvent]:
    """Stored events of two devices over three days, newest first."""
    events = [
        smile_event(started_at=NOON - hours * HOUR, device_id=f"cam-{index % 2 + 1}")
        for index, hours in enumerate((1, 2, 20, 40, 41, 50))
    ]
    history.store(*events)
    return events


def test_an_event_is_shown_as_sent_when_it_is_listed(history: History) -> None:
    event = smile_event("ended", started_at=NOON)
    history.store(event)
    expected = event.to_dict() | {"received_at": "2026-11-22T12:00:00.000Z"}
    assert history.list()["events"] == [expected]
    assert list(history.list()["events"][0]) == list(expected), "the contract's order"


def test_all_devices_are_listed_newest_first_when_no_device_is_named(
    history: History, few: list[SmileEvent]
) -> None:
    assert history.ids() == [event.event_id for event in few]


def test_one_device_is_listed_when_it_is_named(history: History, few: list[SmileEvent]) -> None:
    assert history.ids(device="cam-2") == [e.event_id for e in few if e.device_id == "cam-2"]
    assert history.list(device="cam-3") == {"events": [], "next_cursor": None}


@pytest.mark.parametrize("device", DEVICES)
def test_a_range_includes_its_start_but_not_its_end_when_both_are_given(
    history: History, few: list[SmileEvent], device: dict[str, str]
) -> None:
    newest, _, _, _, oldest, _ = few
    start, end = oldest.started_at.isoformat(), newest.started_at.isoformat()
    expected = [event.event_id for event in few[1:5] if not device or event.device_id == "cam-1"]
    assert history.ids(from_=start, to=end, **device) == expected


@pytest.mark.parametrize("device", DEVICES)
def test_no_query_is_made_when_the_range_is_empty(
    aws: SimpleNamespace, history: History, few: list[SmileEvent], device: dict[str, str]
) -> None:
    at = few[2].started_at.isoformat()
    with watched(aws.dynamodb, "Query") as queries:
        assert history.list(from_=at, to=at, **device) == {"events": [], "next_cursor": None}
    assert queries == [], "DynamoDB refuses such a range"


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("limit", ["1", "2", "3"])
def test_the_pages_hold_every_event_once_when_cursors_are_followed(
    history: History, few: list[SmileEvent], device: dict[str, str], limit: str
) -> None:
    pages = history.pages(limit=limit, **device)
    assert list(chain.from_iterable(pages)) == history.ids(**device)
    assert all(len(page) == int(limit) for page in pages[:-1])
    assert pages[-1]


def test_later_pages_stay_the_same_when_newer_events_arrive_meanwhile(
    history: History, few: list[SmileEvent]
) -> None:
    first = history.list(limit="2")
    history.store(smile_event(started_at=NOON - timedelta(minutes=1)))
    assert history.ids(cursor=first["next_cursor"]) == [event.event_id for event in few[2:]]


@pytest.mark.parametrize("device", DEVICES)
def test_no_event_is_missed_when_a_request_may_make_one_query_only(
    aws: SimpleNamespace, table: str, few: list[SmileEvent], device: dict[str, str]
) -> None:
    pages = History(aws.dynamodb, table, max_queries=1).pages(**device)
    expected = [e.event_id for e in few if not device or e.device_id == "cam-1"]
    assert list(chain.from_iterable(pages)) == expected


def test_expired_events_are_hidden_when_dynamodb_has_not_deleted_them_yet(
    history: History,
) -> None:
    old, new = smile_event(started_at=NOON - HOUR), smile_event(started_at=NOON)
    history.store(old, received_at=NOON - timedelta(days=90))
    history.store(new)
    assert history.ids() == history.ids(device="cam-1") == [new.event_id]
    with pytest.raises(NotFoundError, match="expired"):
        history.get("cam-1", old.event_id)


def test_the_number_of_queries_is_limited_when_a_day_is_full_of_expired_events(
    aws: SimpleNamespace, table: str
) -> None:
    limited = History(aws.dynamodb, table, max_queries=4)
    live = smile_event(started_at=NOON - 9 * HOUR)
    limited.store(live)
    limited.store_many(smiles(250), received_at=LONG_AGO)
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        with watched(aws.dynamodb, "Query") as queries:
            page = limited.list(limit="1", **cursor)
        assert len(queries) <= 4 + 1 + DAY_SHARDS, "the days, and a query begun in each shard"
        found += [event["event_id"] for event in page["events"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == [live.event_id]


def test_a_request_makes_100_queries_at_most_when_nothing_is_found(
    aws: SimpleNamespace, table: str, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"pk": {"S": "DEVICE#cam-1"}, "sk": {"S": "EVENT#01a20451-81da-7111-8000-1234567890ab"}}
    queries: list[int] = []

    def always_more(**_: object) -> dict[str, object]:
        queries.append(1)
        return {"Items": [], "ScannedCount": 1, "LastEvaluatedKey": key}

    monkeypatch.setattr(aws.dynamodb, "query", always_more)
    page = history.list(device="cam-1")
    assert (page["events"], len(queries)) == ([], 100)
    assert page["next_cursor"] is not None


@pytest.mark.parametrize("device", DEVICES)
def test_one_query_is_enough_when_a_few_events_have_expired(
    aws: SimpleNamespace, history: History, device: dict[str, str]
) -> None:
    live = smile_event(started_at=NOON - HOUR)
    history.store(live)
    history.store_many(smiles(23), received_at=LONG_AGO)
    with watched(aws.dynamodb, "Query") as queries:
        assert history.ids(limit="1", **device) == [live.event_id]
    assert len(queries) == (1 if device else 1 + DAY_SHARDS)


def test_an_event_is_found_in_one_request_when_many_newer_ones_have_expired(
    aws: SimpleNamespace, history: History
) -> None:
    live = smile_event(started_at=NOON - HOUR)
    history.store(live)
    history.store_many(smiles(60), received_at=LONG_AGO)
    with watched(aws.dynamodb, "Query") as queries:
        assert history.list(device="cam-1", limit="1")["events"][0]["event_id"] == live.event_id
    assert len(queries) == 2, "25 items, then twice as many"


def test_one_query_a_shard_is_enough_when_one_holds_half_of_a_page(
    aws: SimpleNamespace, history: History
) -> None:
    events = [
        smile_event(started_at=event.started_at, event_id=f"{event.event_id[:-4]}{shard:04x}")
        for shard, event in zip([0, 1, 0, 2, 0, 3] * 18, smiles(108), strict=True)
    ]
    history.store_many(events)
    with watched(aws.dynamodb, "Query") as queries:
        assert history.ids(limit="100") == [event.event_id for event in events[:100]]
    assert len(queries) == 1 + DAY_SHARDS


def test_an_event_is_listed_until_it_expires_when_its_end_arrives_days_later(
    aws: SimpleNamespace, table: str, history: History
) -> None:
    started = smile_event("started", started_at=NOON)
    history.store(started)
    ended = smile_event("ended", started_at=NOON, event_id=started.event_id, seq=1)
    history.store(ended, received_at=NOON + timedelta(days=80))
    [day] = aws.dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "DAYS"}},
    )["Items"]
    kept_until = NOON + timedelta(days=80 + 90)
    assert int(day["expires_at"]["N"]) >= kept_until.timestamp()


def test_old_events_are_found_when_they_lie_years_apart(history: History) -> None:
    events = [
        smile_event(started_at=datetime(year, 6, 1, tzinfo=UTC)) for year in (2026, 2016, 1970)
    ]
    history.store(*events)
    assert history.ids() == [event.event_id for event in events]
    assert history.ids(to="2000-01-01T00:00:00Z") == [events[2].event_id]


@pytest.mark.parametrize(
    "other",
    [{}, {"device": "cam-2"}, {"device": "cam-1", "to": "2026-11-23T00:00:00Z"}],
)
def test_a_cursor_is_refused_when_the_query_is_another(
    history: History, few: list[SmileEvent], other: dict[str, str]
) -> None:
    cursor = history.list(device="cam-1", limit="1")["next_cursor"]
    assert history.ids(device="cam-1", limit="2", cursor=cursor), "the limit may change"
    with pytest.raises(CursorError) as caught:
        history.list(cursor=cursor, **other)
    assert str(caught.value) == (
        "cursor: not a cursor of this query; send next_cursor unchanged, with the same parameters "
        "(only limit may change), or leave it out to start at the first page."
    )


def test_one_event_is_returned_when_it_exists(history: History, few: list[SmileEvent]) -> None:
    found = history.get("cam-1", few[0].event_id)
    assert found == few[0].to_dict() | {"received_at": "2026-11-22T12:00:00.000Z"}


def test_an_event_is_not_found_when_the_device_is_another(
    history: History, few: list[SmileEvent]
) -> None:
    with pytest.raises(NotFoundError) as caught:
        history.get("cam-2", few[0].event_id)
    assert str(caught.value) == (
        f"Device cam-2 has no event {few[0].event_id}, or the event has expired; "
        "GET /v1/events lists the events."
    )


@pytest.mark.parametrize("operation", ["Query", "GetItem"])
def test_the_next_request_is_answered_when_dynamodb_fails_once(
    aws: SimpleNamespace, history: History, few: list[SmileEvent], operation: str
) -> None:
    def ask() -> object:
        return history.ids() if operation == "Query" else history.get("cam-1", few[0].event_id)

    with failing(aws.dynamodb, operation, times=1):
        with pytest.raises(EndpointConnectionError):
            ask()
        assert ask()


@pytest.mark.parametrize("device", DEVICES)
def test_the_error_is_raised_when_the_table_does_not_exist(
    aws: SimpleNamespace, device: dict[str, str]
) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        History(aws.dynamodb, "no-such-table").list(**device)
