"""What ``make bench-reads`` counts: queries, items and read units of lists and exports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, ParamValidationError
from moto import mock_aws

from bench.cloud.counted_table import DEVICE, NEWEST, TABLE, CountedTable, event_of, stored
from bench.cloud.item_size import item_bytes
from bench.cloud.reads import IncompleteExportError, export_rows, page_rows, service
from smile_cloud.history_api.event_history import EventHistory
from smile_cloud.history_api.query import HistoryQuery
from smile_cloud.history_api.requests import ListEvents
from smile_cloud.store_event.event_store import EventStore
from tests.helpers.functions import AWS_ENVIRONMENT
from tests.helpers.template import create_events_table

pytestmark = pytest.mark.xdist_group("reads")  # the events are stored once, not once per worker
EVENTS = 60


@pytest.fixture(scope="module")
def counted() -> CountedTable:
    return CountedTable(EVENTS)


@pytest.fixture(scope="module")
def real(counted: CountedTable) -> Iterator[Any]:
    """Yield a client of a table into which the code of ``store_event`` stored the same events."""
    environment = pytest.MonkeyPatch()
    for name, value in AWS_ENVIRONMENT.items():
        environment.setenv(name, value)
    with mock_aws():
        client = boto3.client("dynamodb")
        kept = timedelta(days=90)
        store = EventStore(
            client,
            create_events_table(client, TABLE),
            event_retention=kept,
            rollup_retention=kept,
        )
        for event_id in counted.ids:
            store.store(event_of(event_id), NEWEST)
        yield client
    environment.undo()


@pytest.mark.parametrize(
    "query",
    [
        HistoryQuery(),
        HistoryQuery(oldest_first=True),
        HistoryQuery(DEVICE, min_score=0.7),
        HistoryQuery(DEVICE, min_score=0.7, oldest_first=True),
        HistoryQuery(start=NEWEST - timedelta(days=9), end=NEWEST - timedelta(days=3)),
        HistoryQuery(min_duration_ms=2760, in_progress=False, min_score=0.5),
        HistoryQuery("another"),
    ],
)
def test_the_stand_in_answers_as_a_table_with_the_same_events(
    counted: CountedTable, real: Any, query: HistoryQuery
) -> None:
    for after in (None, 40):
        position = None
        histories = [EventHistory(client, TABLE) for client in (counted.client(), real)]
        if after is not None:
            pages = [history.page(query, after, None, NEWEST) for history in histories]
            assert pages[0] == pages[1]
            position = pages[0][1]
        pages = [history.page(query, 30, position, NEWEST) for history in histories]
        assert pages[0] == pages[1]


def test_the_items_have_the_size_of_stored_ones(counted: CountedTable, real: Any) -> None:
    event_id = counted.ids[0]
    item = stored(event_id)
    key = {name: item[name] for name in ("pk", "sk")}
    assert real.get_item(TableName=TABLE, Key=key)["Item"].keys() == item.keys()
    assert item_bytes(real.get_item(TableName=TABLE, Key=key)["Item"]) == item_bytes(item)


def test_items_that_a_filter_leaves_out_are_billed() -> None:
    counted = CountedTable(50)
    page = service(counted).handle(ListEvents(HistoryQuery(DEVICE, min_score=1), None, None))
    assert page == {"events": [], "next_cursor": None}
    size = item_bytes(stored(counted.ids[0]))
    assert (counted.reads.queries, counted.reads.items) == (1, 50)
    assert counted.reads.units == -(-50 * size // 4096) / 2


def test_a_query_reads_at_most_a_megabyte() -> None:
    counted = CountedTable(3000)
    request = {
        "TableName": TABLE,
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
        "ExpressionAttributeValues": {
            ":pk": stored(counted.ids[0])["pk"],
            ":low": {"S": "EVENT#0"},
            ":high": {"S": "EVENT#g"},
        },
    }
    sizes = []
    while True:
        answer = counted.query(request)
        sizes.append(sum(map(item_bytes, answer["Items"])))
        if "LastEvaluatedKey" not in answer:
            break
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
    assert len(sizes) == 2
    assert 2**20 <= sizes[0] < 2**20 + 2000


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"KeyConditionExpression": "pk = :pk"}, "unknown condition pk = :pk"),
        ({"FilterExpression": "contains(pk, :pk)"}, "unknown filter contains"),
    ],
)
def test_the_stand_in_refuses_what_it_does_not_know(change: dict[str, str], match: str) -> None:
    counted = CountedTable(1)
    request = {
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
        "ExpressionAttributeValues": {
            ":pk": stored(counted.ids[0])["pk"],
            ":low": {"S": "EVENT#0"},
            ":high": {"S": "EVENT#g"},
        },
    }
    with pytest.raises(ValueError, match=match):
        counted.query(request | change)


def test_the_client_sends_nothing_and_still_checks_requests() -> None:
    client: Any = CountedTable(1).client()
    with pytest.raises(ParamValidationError):
        client.query(TableName=TABLE, Limit="many")
    with pytest.raises(EndpointConnectionError):
        client.get_item(TableName=TABLE, Key={"pk": {"S": "x"}})


def test_a_row_shows_what_a_page_found_and_read() -> None:
    rows = {row[0]: row[1:] for row in page_rows([300])}
    found, more, queries, items, units = rows["300, one camera, newest"]
    assert (found, more, queries, items) == ("50", "yes", "1", "52")
    assert 4 < float(units) < 6
    assert rows["300, one camera, none matches"][:2] == ["0", "no"]
    assert len(rows) == 7


def test_the_export_is_complete_in_both_formats() -> None:
    rows = list(export_rows(400))
    assert [row[:3] for row in rows] == [
        ["text/csv", "400", "1"],
        ["application/x-ndjson", "400", "1"],
    ]


def test_an_export_that_lacks_an_event_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    query = CountedTable.query

    def forgetful(self: CountedTable, request: Any) -> Any:
        answer = query(self, request)
        answer["Items"] = [one for one in answer["Items"] if one["sk"]["S"][-1] != "7"]
        return answer

    monkeypatch.setattr(CountedTable, "query", forgetful)
    with pytest.raises(IncompleteExportError, match="text/csv"):
        list(export_rows(400))
