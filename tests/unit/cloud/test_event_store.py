from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.store_event.event_store import EventStore, Outcome
from smile_contract import SmileEvent, uuid7

Build = Callable[..., SmileEvent]
RECEIVED = datetime(2026, 11, 22, 17, 33, 4, tzinfo=UTC)
STARTED = datetime(2026, 11, 22, 17, 33, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def store(aws: SimpleNamespace, table: str) -> EventStore:
    return EventStore(
        aws.dynamodb,
        table,
        event_retention=timedelta(days=90),
        rollup_retention=timedelta(days=400),
    )


@pytest.fixture
def item(aws: SimpleNamespace, table: str) -> Callable[[str, str], dict[str, Any]]:
    def get(pk: str, sk: str) -> dict[str, Any]:
        key = to_attributes({"pk": pk, "sk": sk})
        return from_attributes(aws.dynamodb.get_item(TableName=table, Key=key).get("Item", {}))

    return get


@pytest.fixture
def pair(smile: Build) -> tuple[SmileEvent, SmileEvent]:
    event_id = uuid7(STARTED)
    return smile(event_id=event_id), smile(event_id=event_id, phase="ended")


def rollup(item: Callable[[str, str], dict[str, Any]]) -> dict[str, int]:
    hour = item("DEVICE#cam-1", "HOUR#2026-11-22T17")
    return {name: hour[name] for name in ("smiles", "smiles_ended", "duration_ms")}


def test_an_event_is_kept_whole_when_it_starts(store: EventStore, item: Any, smile: Build) -> None:
    event = smile(score_history=[0.1, 1e-200, 1, 0.30000000000000004])
    assert store.store(event, RECEIVED) is Outcome.CREATED
    kept = item("DEVICE#cam-1", f"EVENT#{event.event_id}")
    tiny = event.to_dict() | {"score_history": [0.1, 0, 1, 0.30000000000000004]}
    assert tiny.items() <= kept.items()
    assert kept["gsi1pk"].startswith("DAY#2026-11-22#")
    assert kept["gsi1sk"] == event.event_id
    assert kept["received_at"] == "2026-11-22T17:33:04.000Z"
    assert kept["expires_at"] == int((RECEIVED + timedelta(days=90)).timestamp())
    hour = item("DEVICE#cam-1", "HOUR#2026-11-22T17")
    assert hour["expires_at"] == int((RECEIVED + timedelta(days=400)).timestamp())


@pytest.mark.parametrize("order", sorted(set(itertools.permutations([0, 0, 1, 1]))))
def test_the_ended_event_is_counted_once_when_messages_repeat_in_any_order(
    store: EventStore, item: Any, pair: tuple[SmileEvent, SmileEvent], order: tuple[int, ...]
) -> None:
    for which in order:
        store.store(pair[which], RECEIVED)
    kept = item("DEVICE#cam-1", f"EVENT#{pair[1].event_id}")
    assert pair[1].to_dict().items() <= kept.items()
    assert rollup(item) == {"smiles": 1, "smiles_ended": 1, "duration_ms": 2760}


def test_a_late_start_changes_nothing_when_the_event_has_ended(
    store: EventStore, pair: tuple[SmileEvent, SmileEvent]
) -> None:
    assert store.store(pair[1], RECEIVED) is Outcome.CREATED
    assert store.store(pair[0], RECEIVED) is Outcome.UNCHANGED


def test_the_duration_is_corrected_when_a_later_end_arrives(
    store: EventStore, item: Any, smile: Build
) -> None:
    event_id = uuid7(STARTED)
    store.store(smile(event_id=event_id, phase="ended", duration_ms=1000, seq=3), RECEIVED)
    later = smile(event_id=event_id, phase="ended", duration_ms=1500, seq=4)
    assert store.store(later, RECEIVED) is Outcome.UPDATED
    assert rollup(item) == {"smiles": 1, "smiles_ended": 1, "duration_ms": 1500}


def test_every_smile_is_counted_once_when_many_functions_store_at_once(
    store: EventStore, item: Any, smile: Build
) -> None:
    events = [smile(STARTED + timedelta(seconds=n), track_id=n) for n in range(4)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda event: store.store(event, RECEIVED), events * 3))
    assert outcomes.count(Outcome.CREATED) == 4
    assert rollup(item)["smiles"] == 4


def test_an_old_smile_is_kept_when_it_arrives_late(
    store: EventStore, item: Any, smile: Build
) -> None:
    event = smile(datetime(2020, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC))
    store.store(event, RECEIVED)
    kept = item("DEVICE#cam-1", f"EVENT#{event.event_id}")
    assert kept["expires_at"] > RECEIVED.timestamp()
    assert item("DAYS", "DAY#2020-02-29")["expires_at"] >= kept["expires_at"]


def test_the_day_is_written_once_when_many_smiles_fall_on_it(
    aws: SimpleNamespace, store: EventStore, smile: Build
) -> None:
    writes: list[str] = []
    aws.dynamodb.meta.events.register(
        "before-call.dynamodb.UpdateItem", lambda **_: writes.append("day"), unique_id="count"
    )
    for n in range(3):
        store.store(smile(STARTED + timedelta(seconds=n)), RECEIVED + timedelta(seconds=n))
    aws.dynamodb.meta.events.unregister("before-call.dynamodb.UpdateItem", unique_id="count")
    assert len(writes) == 1
