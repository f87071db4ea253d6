from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from smile_cloud.errors import ConflictError
from smile_cloud.retry import MAX_ATTEMPTS
from smile_cloud.send_alert.alert_policy import MAX_SEEN_IDS, AlertThrottle, Lease
from smile_cloud.send_alert.throttle_store import AlertThrottleStore
from smile_contract import uuid7
from tests.helpers.aws_calls import before_first, failing, watched

NOW = datetime(2026, 11, 22, 17, 33, 0, 250_000, tzinfo=UTC)
FULL = AlertThrottle(
    last_sent_at=NOW,
    suppressed=3,
    seen_ids=(uuid7(NOW), uuid7(NOW)),
    lease=Lease(uuid7(NOW), NOW + timedelta(seconds=15), 2),
)
LONGEST_SETTING_S = 99_999
MOST_BYTES = 8 * 1024  # of an item that costs 8 write units


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def store(aws: SimpleNamespace, table: str, pauses: list[float]) -> AlertThrottleStore:
    return AlertThrottleStore(aws.dynamodb, table, clock=lambda: NOW, sleep=pauses.append)


def read(store: AlertThrottleStore, device_id: str = "cam-1") -> AlertThrottle:
    return store.update(device_id, lambda throttle, _: (None, throttle))[1]


def suppress_one(throttle: AlertThrottle, _now: datetime) -> tuple[str, AlertThrottle]:
    return "answer", AlertThrottle(suppressed=throttle.suppressed + 1)


@pytest.mark.parametrize("throttle", [AlertThrottle(), AlertThrottle(suppressed=1), FULL])
def test_a_state_is_unchanged_when_it_is_stored_and_read(
    store: AlertThrottleStore, throttle: AlertThrottle
) -> None:
    assert store.update("cam-1", lambda _, now: (now, throttle)) == (NOW, throttle)
    assert read(store) == throttle
    assert read(store, "cam-2") == AlertThrottle()


def test_nothing_is_written_when_the_state_does_not_change(
    aws: SimpleNamespace, store: AlertThrottleStore
) -> None:
    with watched(aws.dynamodb, "PutItem") as writes:
        read(store)
    assert writes == []


@pytest.mark.parametrize("stored", [False, True])
def test_no_change_is_lost_when_another_invocation_changes_the_state_meanwhile(
    aws: SimpleNamespace, store: AlertThrottleStore, pauses: list[float], stored: bool
) -> None:
    if stored:
        store.update("cam-1", suppress_one)
    with before_first(aws.dynamodb, "PutItem", lambda: store.update("cam-1", suppress_one)):
        answer, throttle = store.update("cam-1", suppress_one)
    assert (answer, throttle.suppressed) == ("answer", 2 + stored)
    assert read(store) == throttle
    assert len(pauses) == 1


def test_the_device_is_named_when_others_change_the_state_in_every_attempt(
    aws: SimpleNamespace, store: AlertThrottleStore, pauses: list[float]
) -> None:
    error = aws.dynamodb.exceptions.ConditionalCheckFailedException(
        {"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem"
    )
    with (
        failing(aws.dynamodb, "PutItem", error=error),
        pytest.raises(ConflictError, match=r"^alert throttle of cam-1: other invocations "),
    ):
        store.update("cam-1", suppress_one)
    assert len(pauses) == MAX_ATTEMPTS - 1


def test_the_error_is_raised_at_once_when_the_table_does_not_exist(
    aws: SimpleNamespace, pauses: list[float]
) -> None:
    store = AlertThrottleStore(aws.dynamodb, "no-such-table", sleep=pauses.append)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        store.update("cam-1", suppress_one)
    assert pauses == []


def test_the_item_is_small_and_outlives_every_setting_when_a_crowd_smiles(
    aws: SimpleNamespace, store: AlertThrottleStore
) -> None:
    crowd = AlertThrottle(NOW, 999, tuple(uuid7(NOW) for _ in range(MAX_SEEN_IDS)), FULL.lease)
    with watched(aws.dynamodb, "PutItem") as writes:
        store.update("cam-1", lambda *_: (None, crowd))
    [item] = [write["Item"] for write in writes]
    assert size_of(item) < MOST_BYTES
    assert int(item["expires_at"]["N"]) > NOW.timestamp() + LONGEST_SETTING_S


def size_of(item: dict[str, dict[str, object]]) -> int:
    """Return the size in bytes that DynamoDB charges for.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """

    def of_value(value: dict[str, object]) -> int:
        [(kind, content)] = value.items()
        if kind == "L":
            return 3 + sum(1 + of_value(one) for one in content)  # type: ignore[attr-defined]
        if kind == "M":
            return 3 + sum(1 + len(name) + of_value(one) for name, one in content.items())  # type: ignore[attr-defined]
        return len(str(content))

    return sum(len(name) + of_value(value) for name, value in item.items())
