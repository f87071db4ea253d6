"""Filters and orders of the list of events."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from types import SimpleNamespace

import pytest

from smile_cloud.http.signed_cursor import CursorError
from tests.helpers.aws_calls import watched
from tests.helpers.events import smile_event
from tests.helpers.history import NOON, History

DEVICES = [{}, {"device": "cam-1"}]
OLDEST = {"order": "oldest_first"}
HOUR = timedelta(hours=1)


@pytest.fixture
def history(aws: SimpleNamespace, table: str) -> History:
    return History(aws.dynamodb, table)


@pytest.fixture
def named(history: History) -> dict[str, str]:
    """Names of stored smiles by their ids, newest first."""
    events = {
        "weak": smile_event(
            started_at=NOON - HOUR, peak_score=0.65, mean_score=0.6, duration_ms=700
        ),
        "strong": smile_event(started_at=NOON - 20 * HOUR, peak_score=0.95, duration_ms=4000),
        "ongoing": smile_event(
            "started", started_at=NOON - 30 * HOUR, peak_score=0.8, duration_ms=900
        ),
    }
    history.store(*events.values())
    return {event.event_id: name for name, event in events.items()}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"min_score": "0.65"}, ["weak", "strong", "ongoing"]),
        ({"min_score": "0.66"}, ["strong", "ongoing"]),
        ({"min_score": "0.951"}, []),
        ({"min_duration_ms": "900"}, ["strong", "ongoing"]),
        ({"min_duration_ms": "901"}, ["strong"]),
        ({"in_progress": "true"}, ["ongoing"]),
        ({"in_progress": "false"}, ["weak", "strong"]),
        ({"in_progress": "false", "min_score": "0.7", "min_duration_ms": "1"}, ["strong"]),
        (OLDEST, ["ongoing", "strong", "weak"]),
        (OLDEST | {"min_score": "0.7"}, ["ongoing", "strong"]),
        ({"order": "newest_first"}, ["weak", "strong", "ongoing"]),
    ],
)
def test_a_filter_keeps_the_events_that_it_describes(
    history: History,
    named: dict[str, str],
    device: dict[str, str],
    filters: dict[str, str],
    expected: list[str],
) -> None:
    assert [named[one] for one in history.ids(**device, **filters)] == expected
    paged = chain.from_iterable(history.pages(limit="1", **device, **filters))
    assert [named[one] for one in paged] == expected


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("order", [{}, OLDEST])
@pytest.mark.parametrize("max_queries", [1, 100])
def test_both_orders_hold_every_event_once_when_cursors_are_followed(
    aws: SimpleNamespace,
    table: str,
    device: dict[str, str],
    order: dict[str, str],
    max_queries: int,
) -> None:
    history = History(aws.dynamodb, table, max_queries=max_queries)
    events = [smile_event(started_at=NOON - hours * HOUR) for hours in (70, 50, 30, 29, 2, 1)]
    history.store(*events)
    expected = [event.event_id for event in events]
    if not order:
        expected.reverse()
    pages = history.pages(limit="2", **device, **order)
    assert list(chain.from_iterable(pages)) == expected


@pytest.mark.parametrize("order", [{}, OLDEST])
@pytest.mark.parametrize("limit", ["1", "2", "50"])
def test_all_devices_are_listed_when_they_share_an_id(
    history: History, order: dict[str, str], limit: str
) -> None:
    first, *later = (
        smile_event(started_at=NOON - hours * HOUR, device_id="cam-2") for hours in (3, 2, 1)
    )
    shared = [
        smile_event(started_at=later[0].started_at, event_id=later[0].event_id, device_id=name)
        for name in ("cam-3", "cam-1")
    ]
    history.store(first, *later, *shared)
    listed: list[tuple[str, str]] = []
    cursor: dict[str, str] = {}
    while True:
        page = history.list(limit=limit, **order, **cursor)
        listed += [(event["event_id"], event["device_id"]) for event in page["events"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    expected = sorted((event.event_id, event.device_id) for event in (first, *later, *shared))
    assert listed == (expected if order else expected[::-1])
    assert history.ids(device="cam-3", **order) == [later[0].event_id]


def test_the_list_goes_on_when_more_devices_share_an_id_than_a_request_reads(
    aws: SimpleNamespace, table: str
) -> None:
    history = History(aws.dynamodb, table, max_queries=1)
    before, shared = (smile_event(started_at=NOON - hours * HOUR) for hours in (2, 1))
    copies = [
        smile_event(
            started_at=shared.started_at, event_id=shared.event_id, device_id=f"cam-{number}"
        )
        for number in range(60)
    ]
    history.store_many([before, *copies])
    listed = list(chain.from_iterable(history.pages(limit="7")))
    assert sorted(listed) == [before.event_id] + [shared.event_id] * 60


@pytest.mark.parametrize(
    "other", [{"min_score": "0.1"}, {"min_duration_ms": "0"}, {"in_progress": "false"}, OLDEST]
)
def test_a_cursor_is_refused_when_filter_or_order_is_another(
    history: History, named: dict[str, str], other: dict[str, str]
) -> None:
    cursor = history.list(limit="1")["next_cursor"]
    with pytest.raises(CursorError):
        history.list(cursor=cursor, **other)


@pytest.mark.parametrize("device", DEVICES)
def test_a_page_ends_early_when_its_filter_finds_nothing_in_many_events(
    aws: SimpleNamespace, table: str, device: dict[str, str]
) -> None:
    history = History(aws.dynamodb, table, max_examined=300)
    wanted = smile_event(started_at=NOON - 9 * HOUR, peak_score=0.99)
    history.store(wanted)
    history.store_many([smile_event(started_at=NOON - timedelta(seconds=n)) for n in range(900)])
    with watched(aws.dynamodb, "Query") as queries:
        page = history.list(min_score="0.95", limit="1", **device)
    assert (page["events"], page["next_cursor"] is None) == ([], False)
    assert len(queries) <= 14, "they grow while they find little"
    pages = history.pages(min_score="0.95", limit="1", **device)
    assert [one for page in pages for one in page] == [wanted.event_id]
    assert len(pages) <= 5
