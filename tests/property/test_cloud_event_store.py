"""Order and repetition of messages never matter; the pages of a list hold every event once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from smile_cloud.attributes import from_attributes
from smile_cloud.history_api.event_history import EventHistory
from smile_cloud.history_api.query import HistoryQuery
from smile_cloud.store_event.event_store import EventStore
from smile_contract import SmileEvent, uuid7
from tests.helpers.events import smile_event
from tests.helpers.functions import AWS_ENVIRONMENT
from tests.helpers.template import create_events_table

START = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
KEPT = timedelta(days=90)
few_examples = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    environment = pytest.MonkeyPatch()
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in AWS_ENVIRONMENT.items():
        environment.setenv(name, value)
    with mock_aws():
        yield boto3.client("dynamodb")
    environment.undo()


def new_table(dynamodb: Any) -> str:
    return create_events_table(dynamodb, f"events-{uuid.uuid4().hex}")


def new_store(dynamodb: Any, table: str) -> EventStore:
    return EventStore(dynamodb, table, event_retention=KEPT, rollup_retention=KEPT)


def everything(dynamodb: Any, table: str) -> list[dict[str, Any]]:
    items = [from_attributes(item) for item in dynamodb.scan(TableName=table)["Items"]]
    return sorted(items, key=lambda item: (item["pk"], item["sk"]))


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[SmileEvent], list[SmileEvent]]:
    """The messages of one event in order, and again in any order with repetitions."""
    event_id = uuid7(START)
    phases = draw(st.lists(st.sampled_from(["started", "ended"]), min_size=1, max_size=4))
    messages = [
        smile_event(
            phase,
            started_at=START,
            event_id=event_id,
            seq=seq,
            duration_ms=draw(st.integers(0, 5000)),
        )
        for seq, phase in enumerate(phases)
    ]
    repeated = messages + draw(st.lists(st.sampled_from(messages), max_size=3))
    return messages, draw(st.permutations(repeated))


@few_examples
@given(deliveries())
def test_the_table_is_the_same_when_messages_come_in_any_order(
    dynamodb: Any, orders: tuple[list[SmileEvent], list[SmileEvent]]
) -> None:
    tables = [new_table(dynamodb) for _ in orders]
    for table, order in zip(tables, orders, strict=True):
        store = new_store(dynamodb, table)
        for event in order:
            store.store(event, START)
    in_order, shuffled = (everything(dynamodb, table) for table in tables)
    assert shuffled == in_order
    hours = [item for item in shuffled if item["sk"].startswith("HOUR#")]
    assert [item["pk"].partition("#")[0] for item in hours] == ["DEVICE", "FLEET"]
    assert [item["e2"] for item in hours] == [1, 1]
    for table in tables:
        dynamodb.delete_table(TableName=table)


seconds = st.one_of(st.integers(0, 3 * 86_400), st.sampled_from([0, 60, 86_400]))
devices = st.sampled_from(["cam-1", "cam-2", "cam-3"])
scores = st.sampled_from([0.8, 0.85, 0.9])


@few_examples
@given(
    st.dictionaries(st.tuples(seconds, devices), scores, max_size=12),
    st.integers(1, 5),
    st.builds(
        HistoryQuery,
        st.sampled_from([None, None, "cam-1"]),
        min_score=st.sampled_from([None, 0.85]),
        oldest_first=st.booleans(),
    ),
    st.integers(1, 9),
)
def test_the_pages_hold_every_event_once_when_cursors_are_followed(
    dynamodb: Any,
    events: dict[tuple[int, str], float],
    limit: int,
    query: HistoryQuery,
    max_queries: int,
) -> None:
    table = new_table(dynamodb)
    store = new_store(dynamodb, table)
    ids = {at: uuid7(START - timedelta(seconds=at)) for at, _ in events}  # devices share them
    expected: list[tuple[str, str]] = []
    for (at, device), score in events.items():
        started_at = START - timedelta(seconds=at)
        event = smile_event(
            started_at=started_at, event_id=ids[at], device_id=device, peak_score=score
        )
        store.store(event, START)
        if query.device_id in (None, device) and score >= (query.min_score or 0):
            expected.append((event.event_id, device))
    history = EventHistory(dynamodb, table, max_queries=max_queries)
    listed: list[tuple[str, str]] = []
    after, positions = None, set()
    while True:
        items, after = history.page(query, limit, after, START)
        assert len(items) <= limit
        listed += [(item["event_id"], item["device_id"]) for item in items]
        if after is None:
            break
        assert after not in positions, "no progress"
        positions.add(after)
    assert listed == sorted(expected, reverse=not query.oldest_first)
    dynamodb.delete_table(TableName=table)
