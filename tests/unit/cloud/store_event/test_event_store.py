from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.counts import Counts
from smile_cloud.errors import ConflictError
from smile_cloud.keys import fleet_pk, fleet_shard_of
from smile_cloud.retry import MAX_ATTEMPTS
from smile_cloud.rollups import quarter_counts
from smile_cloud.store_event.event_store import EventStore, Outcome
from smile_contract import SmileEvent, uuid7
from tests.helpers.aws import client_error
from tests.helpers.aws_calls import before_first, failing, losing_answer
from tests.helpers.events import smile_event
from tests.helpers.item_size import size_of

RECEIVED = datetime(2026, 11, 22, 17, 33, 4, tzinfo=UTC)
STARTED = datetime(2026, 11, 22, 17, 33, 0, 250_000, tzinfo=UTC)
GetItem = Callable[[str, str], dict[str, Any]]


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def store(aws: SimpleNamespace, table: str, pauses: list[float]) -> EventStore:
    return EventStore(
        aws.dynamodb,
        table,
        event_retention=timedelta(days=90),
        rollup_retention=timedelta(days=400),
        sleep=pauses.append,
    )


@pytest.fixture
def item(aws: SimpleNamespace, table: str) -> GetItem:
    def get(pk: str, sk: str) -> dict[str, Any]:
        key = to_attributes({"pk": pk, "sk": sk})
        return from_attributes(aws.dynamodb.get_item(TableName=table, Key=key).get("Item", {}))

    return get


@pytest.fixture
def pair() -> tuple[SmileEvent, SmileEvent]:
    """``started`` and ``ended`` of one smile."""
    event_id = uuid7(STARTED)
    started = smile_event("started", started_at=STARTED, event_id=event_id, seq=17)
    ended = smile_event("ended", started_at=STARTED, event_id=event_id, seq=18, duration_ms=2760)
    return started, ended


def rollup(item: GetItem) -> Counts:
    """Return what the hour counts in its third quarter, for the device and for the fleet."""
    pks = ("DEVICE#cam-1", fleet_pk(fleet_shard_of("cam-1")))
    device, fleet = (quarter_counts(item(pk, "HOUR#2026-11-22T17")) for pk in pks)
    assert device == fleet
    assert device[:2] + device[3:] == (Counts(),) * 3
    return device[2]


def canceled(aws: SimpleNamespace, *codes: str) -> ClientError:
    """Return the error of a transaction with these reasons, one for each of its items."""
    details = {
        "Error": {"Code": "TransactionCanceledException", "Message": "canceled"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    error: ClientError = aws.dynamodb.exceptions.TransactionCanceledException(
        details, "TransactWriteItems"
    )
    return error


def test_every_field_is_stored_when_a_smile_starts(store: EventStore, item: GetItem) -> None:
    scores = (0.1, 1e-200, 1.0, 0.30000000000000004)
    event = smile_event("started", started_at=STARTED, score_history=scores)
    assert store.store(event, RECEIVED) is Outcome.CREATED
    stored = item("DEVICE#cam-1", f"EVENT#{event.event_id}")
    expected = event.to_dict() | {"score_history": [0.1, 0, 1, 0.30000000000000004]}
    assert expected.items() <= stored.items()
    assert stored["gsi1pk"].startswith("DAY#2026-11-22#")
    assert stored["gsi1sk"] == event.event_id
    assert stored["received_at"] == "2026-11-22T17:33:04.000Z"
    assert stored["expires_at"] == int((RECEIVED + timedelta(days=90)).timestamp())
    hour = item("DEVICE#cam-1", "HOUR#2026-11-22T17")
    assert hour["expires_at"] == int((RECEIVED + timedelta(days=400)).timestamp())


def test_an_hour_outlives_its_events_when_counts_are_kept_for_a_shorter_time(
    aws: SimpleNamespace, table: str, item: GetItem
) -> None:
    days = timedelta(days=1)
    EventStore(aws.dynamodb, table, event_retention=90 * days, rollup_retention=days).store(
        event := smile_event(started_at=STARTED), RECEIVED
    )
    stored = item("DEVICE#cam-1", f"EVENT#{event.event_id}")
    for pk in ("DEVICE#cam-1", fleet_pk(fleet_shard_of("cam-1"))):
        hour = item(pk, "HOUR#2026-11-22T17")
        assert hour["expires_at"] == stored["expires_at"] + 28 * days.total_seconds()


def test_the_largest_event_costs_one_unit_to_write(
    store: EventStore, aws: SimpleNamespace, table: str
) -> None:
    event = smile_event(
        started_at=STARTED,
        device_id="d" * 128,
        seq=2**53 - 1,
        score_history=(0.1234,) * 32,
    )
    store.store(event, RECEIVED)
    sizes = [size_of(item) for item in aws.dynamodb.scan(TableName=table)["Items"]]
    assert 700 < max(sizes) <= 1024, "docs/capacity.md counts one KB"


@pytest.mark.parametrize("order", sorted(set(itertools.permutations([0, 0, 1, 1]))))
def test_a_smile_is_counted_once_when_its_messages_repeat_in_any_order(
    store: EventStore,
    item: GetItem,
    pair: tuple[SmileEvent, SmileEvent],
    order: tuple[int, ...],
) -> None:
    for which in order:
        store.store(pair[which], RECEIVED)
    stored = item("DEVICE#cam-1", f"EVENT#{pair[1].event_id}")
    assert pair[1].to_dict().items() <= stored.items()
    assert rollup(item) == Counts(events=1, ended=1, duration_ms=2760)


@pytest.mark.parametrize("phase", ["started", "ended"])
def test_nothing_changes_when_a_stored_message_repeats(
    store: EventStore, item: GetItem, phase: str
) -> None:
    event = smile_event(phase, started_at=STARTED)
    assert store.store(event, RECEIVED) is Outcome.CREATED
    stored = item("DEVICE#cam-1", f"EVENT#{event.event_id}")
    assert store.store(event, RECEIVED + timedelta(minutes=1)) is Outcome.UNCHANGED
    assert item("DEVICE#cam-1", f"EVENT#{event.event_id}") == stored


@pytest.mark.parametrize("seq", [17, 19])
def test_nothing_changes_when_a_start_arrives_after_the_end(
    store: EventStore, pair: tuple[SmileEvent, SmileEvent], seq: int
) -> None:
    assert store.store(pair[1], RECEIVED) is Outcome.CREATED
    assert store.store(replace(pair[0], seq=seq), RECEIVED) is Outcome.UNCHANGED


def test_the_duration_is_corrected_when_a_later_end_arrives(
    store: EventStore, item: GetItem
) -> None:
    event_id = uuid7(STARTED)
    ends = [
        smile_event("ended", started_at=STARTED, event_id=event_id, duration_ms=ms, seq=seq)
        for seq, ms in enumerate((1000, 1500))
    ]
    store.store(ends[0], RECEIVED)
    assert store.store(ends[1], RECEIVED) is Outcome.UPDATED
    assert rollup(item) == Counts(events=1, ended=1, duration_ms=1500)


def test_every_smile_is_counted_once_when_many_functions_store_at_once(
    aws: SimpleNamespace, table: str, item: GetItem
) -> None:
    kept = timedelta(days=90)
    store = EventStore(aws.dynamodb, table, event_retention=kept, rollup_retention=kept)
    events = [
        smile_event("started", started_at=STARTED + timedelta(seconds=n), track_id=n)
        for n in range(4)
    ]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda event: store.store(event, RECEIVED), events * 3))
    assert outcomes.count(Outcome.CREATED) == 4
    assert rollup(item).events == 4


def test_an_old_smile_is_stored_for_the_whole_time_when_it_arrives_late(
    store: EventStore, item: GetItem
) -> None:
    event = smile_event(started_at=datetime(2020, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC))
    store.store(event, RECEIVED)
    stored = item("DEVICE#cam-1", f"EVENT#{event.event_id}")
    assert stored["expires_at"] > RECEIVED.timestamp()
    assert item("DAYS", "DAY#2020-02-29")["expires_at"] >= stored["expires_at"]


# --- when DynamoDB refuses or fails ------------------------------------------------------------


def test_the_end_is_an_update_when_another_invocation_stores_the_start_meanwhile(
    aws: SimpleNamespace, store: EventStore, item: GetItem, pair: tuple[SmileEvent, SmileEvent]
) -> None:
    started, ended = pair
    with before_first(aws.dynamodb, "TransactWriteItems", lambda: store.store(started, RECEIVED)):
        assert store.store(ended, RECEIVED) is Outcome.UPDATED
    assert rollup(item) == Counts(events=1, ended=1, duration_ms=2760)


def test_nothing_is_counted_twice_when_another_invocation_stores_the_end_meanwhile(
    aws: SimpleNamespace, store: EventStore, item: GetItem, pair: tuple[SmileEvent, SmileEvent]
) -> None:
    started, ended = pair
    store.store(started, RECEIVED)
    with before_first(aws.dynamodb, "TransactWriteItems", lambda: store.store(ended, RECEIVED)):
        assert store.store(ended, RECEIVED) is Outcome.UNCHANGED
    assert rollup(item) == Counts(events=1, ended=1, duration_ms=2760)


@pytest.mark.parametrize(
    "codes",
    [
        ("ConditionalCheckFailed", "None", "None"),
        ("None", "TransactionConflict", "None"),
        ("None", "None", "TransactionConflict"),
        ("ThrottlingError", "None", "None"),
        ("None", "ProvisionedThroughputExceeded", "None"),
        ("RequestLimitExceeded", "TransactionConflict", "TransactionConflict"),
    ],
)
def test_storing_is_tried_again_when_another_invocation_was_faster_or_the_table_is_busy(
    aws: SimpleNamespace, store: EventStore, item: GetItem, codes: tuple[str, ...]
) -> None:
    with failing(aws.dynamodb, "TransactWriteItems", times=3, error=canceled(aws, *codes)):
        assert store.store(smile_event(started_at=STARTED), RECEIVED) is Outcome.CREATED
    assert rollup(item).events == 1


@pytest.mark.parametrize(
    "code",
    [
        "TransactionInProgressException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
    ],
)
def test_storing_is_tried_again_when_the_whole_call_is_throttled(
    aws: SimpleNamespace, store: EventStore, pauses: list[float], code: str
) -> None:
    error = client_error(code, operation="TransactWriteItems")
    with failing(aws.dynamodb, "TransactWriteItems", times=3, error=error):
        assert store.store(smile_event(started_at=STARTED), RECEIVED) is Outcome.CREATED
    assert len(pauses) == 3


def test_the_event_is_named_when_others_change_it_in_every_attempt(
    aws: SimpleNamespace, store: EventStore, pauses: list[float]
) -> None:
    event = smile_event(started_at=STARTED)
    error = canceled(aws, "TransactionConflict", "None")
    with (
        failing(aws.dynamodb, "TransactWriteItems", error=error),
        pytest.raises(ConflictError, match=f"^event {event.event_id}: .* TransactionConflict "),
    ):
        store.store(event, RECEIVED)
    assert len(pauses) == MAX_ATTEMPTS - 1


@pytest.mark.parametrize(
    "codes",
    [
        ("ConditionalCheckFailed", "ValidationError"),
        ("ValidationError", "None"),
        ("None", "None"),
        (),
    ],
)
def test_the_error_is_raised_at_once_when_another_attempt_cannot_help(
    aws: SimpleNamespace, store: EventStore, pauses: list[float], codes: tuple[str, ...]
) -> None:
    with (
        failing(aws.dynamodb, "TransactWriteItems", error=canceled(aws, *codes)),
        pytest.raises(ClientError, match="canceled"),
    ):
        store.store(smile_event(started_at=STARTED), RECEIVED)
    assert pauses == []


@pytest.mark.parametrize("operation", ["BatchGetItem", "UpdateItem", "TransactWriteItems"])
def test_the_smile_is_counted_once_when_dynamodb_fails_once_and_lambda_retries(
    aws: SimpleNamespace, store: EventStore, item: GetItem, operation: str
) -> None:
    event = smile_event(started_at=STARTED)
    with failing(aws.dynamodb, operation, times=1):
        with pytest.raises(EndpointConnectionError):
            store.store(event, RECEIVED)
        assert store.store(event, RECEIVED) is Outcome.CREATED
    assert rollup(item).events == 1


def test_the_smile_is_counted_once_when_the_answer_is_lost_and_lambda_retries(
    aws: SimpleNamespace, store: EventStore, item: GetItem
) -> None:
    event = smile_event(started_at=STARTED)
    with losing_answer(aws.dynamodb, "TransactWriteItems"):
        with pytest.raises(EndpointConnectionError):
            store.store(event, RECEIVED)
        assert store.store(event, RECEIVED) is Outcome.UNCHANGED
    assert rollup(item).events == 1
