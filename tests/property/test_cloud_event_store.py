"""Order and repetition of messages never matter; pages always join to the whole."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from smile_cloud.attributes import from_attributes
from smile_cloud.history_api.event_history import EventHistory
from smile_cloud.history_api.query import HistoryQuery
from smile_cloud.store_event.event_store import EventStore
from smile_contract import Face, Model, SmileEvent, uuid7

START = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
KEPT = timedelta(days=90)
few_examples = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class _PlainLoader(yaml.SafeLoader):
    """Reads the template, leaving its intrinsics aside."""


_PlainLoader.add_multi_constructor("!", lambda *_: None)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    environment = pytest.MonkeyPatch()
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        environment.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("dynamodb", region_name="us-east-1")
    environment.undo()


def new_table(dynamodb: Any) -> str:
    template = (Path(__file__).parents[2] / "template.yaml").read_text("utf-8")
    properties = yaml.load(template, _PlainLoader)["Resources"]["EventsTable"]["Properties"]
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    name = f"events-{uuid.uuid4().hex}"
    dynamodb.create_table(TableName=name, **{key: properties[key] for key in wanted})
    return name


def new_store(dynamodb: Any, table: str) -> EventStore:
    return EventStore(dynamodb, table, event_retention=KEPT, rollup_retention=KEPT)


def message(event_id: str, at: datetime, seq: int, duration_ms: int, ended: bool) -> SmileEvent:
    return SmileEvent(
        event_id=event_id,
        device_id="cam-1",
        seq=seq,
        phase="ended" if ended else "started",
        started_at=at,
        ended_at=at + timedelta(milliseconds=duration_ms) if ended else None,
        duration_ms=duration_ms,
        peak_score=0.9,
        mean_score=0.5,
        face=Face(1, (0, 0, 1, 1)),
        track_id=0,
        model=Model("ab" * 32, 0.6, 0.4),
    )


def everything(dynamodb: Any, table: str) -> list[dict[str, Any]]:
    items = [from_attributes(item) for item in dynamodb.scan(TableName=table)["Items"]]
    return sorted(items, key=lambda item: (item["pk"], item["sk"]))


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[SmileEvent], list[SmileEvent]]:
    """One event's messages in order, and the same in any order with repetitions."""
    event_id = uuid7(START)
    phases = draw(st.lists(st.booleans(), min_size=1, max_size=4))
    messages = [
        message(event_id, START, seq, draw(st.integers(0, 5000)), ended)
        for seq, ended in enumerate(phases)
    ]
    repeated = messages + draw(st.lists(st.sampled_from(messages), max_size=3))
    return messages, draw(st.permutations(repeated))


@few_examples
@given(deliveries())
def test_the_table_ends_the_same_when_messages_come_in_any_order(
    dynamodb: Any, orders: tuple[list[SmileEvent], list[SmileEvent]]
) -> None:
    tables = [new_table(dynamodb) for _ in orders]
    for table, order in zip(tables, orders, strict=True):
        store = new_store(dynamodb, table)
        for event in order:
            store.store(event, START)
    in_order, shuffled = (everything(dynamodb, table) for table in tables)
    assert shuffled == in_order
    [hour] = [item for item in shuffled if item["sk"].startswith("HOUR#")]
    assert hour["smiles"] == 1
    for table in tables:
        dynamodb.delete_table(TableName=table)


@few_examples
@given(
    st.lists(
        st.tuples(st.integers(0, 3 * 86_400), st.sampled_from(["cam-1", "cam-2"])), max_size=8
    ),
    st.integers(1, 5),
    st.sampled_from([None, "cam-1"]),
    st.integers(1, 9),
)
def test_pages_join_to_the_whole_when_events_are_any(
    dynamodb: Any,
    events: list[tuple[int, str]],
    limit: int,
    device_id: str | None,
    max_queries: int,
) -> None:
    table = new_table(dynamodb)
    store = new_store(dynamodb, table)
    stored: list[tuple[str, str]] = []
    for seconds, device in events:
        at = START - timedelta(seconds=seconds)
        event = SmileEvent.from_dict(
            message(uuid7(at), at, 0, 10, ended=False).to_dict() | {"device_id": device}
        )
        store.store(event, START)
        stored.append((event.event_id, device))
    history = EventHistory(dynamodb, table, max_queries=max_queries)
    listed: list[str] = []
    below, positions = None, set()
    while True:
        page = history.page(HistoryQuery(device_id), limit, below, START)
        assert len(page.items) <= limit
        listed += [item["event_id"] for item in page.items]
        if page.position is None:
            break
        assert page.position not in positions, "no progress"
        below = page.position
        positions.add(below)
    wanted = [event_id for event_id, device in stored if device_id in (None, device)]
    assert listed == sorted(wanted, reverse=True)
    dynamodb.delete_table(TableName=table)
