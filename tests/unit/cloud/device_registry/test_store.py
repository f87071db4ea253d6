"""Storing messages: each one counts once, also when calls fail, and devices are listed."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.directory import DeviceDirectory
from smile_cloud.device_registry.status_message import StatusMessage
from smile_cloud.device_registry.store import DeviceStore
from smile_cloud.errors import ConflictError
from smile_cloud.retry import MAX_ATTEMPTS
from smile_contract import Heartbeat
from tests.helpers.aws import client_error
from tests.helpers.aws_calls import before_first, failing, losing_answer, repeating, watched
from tests.helpers.item_size import size_of
from tests.helpers.status_messages import at, beat, connected, disconnected, joined, offline

KEPT = timedelta(days=400)
SAMPLE = Path(__file__).parents[4] / "events" / "heartbeats" / "online.json"


class Registry:
    """The store and the directory, with a clock that the test sets."""

    def __init__(self, aws: SimpleNamespace, table: str) -> None:
        self.now = at(0)
        self.pauses: list[float] = []
        self.client, self.table = aws.dynamodb, table
        self.store = DeviceStore(
            self.client, table, retention=KEPT, clock=self._clock, sleep=self.pauses.append
        )
        self.directory = DeviceDirectory(
            self.client, table, clock=self._clock, sleep=self.pauses.append
        )

    def _clock(self) -> datetime:
        return self.now

    def item(self, sk: str = "DEVICE", device_id: str = "cam-1") -> dict[str, Any]:
        key = to_attributes({"pk": f"DEVICE#{device_id}", "sk": sk})
        answer = self.client.get_item(TableName=self.table, Key=key)
        return from_attributes(answer.get("Item", {}))

    def listed(self) -> list[str]:
        return [device.device_id for device in self.directory.all()]


@pytest.fixture
def registry(aws: SimpleNamespace, table: str) -> Registry:
    return Registry(aws, table)


def test_everything_known_is_read_as_it_was_stored(registry: Registry) -> None:
    assert registry.directory.get("cam-1") is None
    duplicate = Device.of_presence("cam-1", disconnected(5, 1).presence[0], is_duplicate=True)
    seen = [beat(0, camera="ok", connected_s=-9), offline(4), duplicate, connected(6, 2)]
    assert all(registry.store.observe(one) for one in seen)
    assert registry.directory.get("cam-1") == joined(*seen)
    assert registry.item()["expires_at"] == (at(6) + KEPT).timestamp()


def test_nothing_is_written_when_a_message_is_repeated_or_superseded(registry: Registry) -> None:
    registry.store.observe(joined(beat(60), beat(0)))
    with watched(registry.client, "UpdateItem") as calls:
        assert not registry.store.observe(beat(60))
        assert not registry.store.observe(beat(0))
    assert calls == []


def test_a_heartbeat_costs_one_write_of_one_unit(registry: Registry) -> None:
    fields = json.loads(SAMPLE.read_text("utf-8"))
    for second in (0, 60):
        message = StatusMessage(Heartbeat.from_dict(fields), at(second))
        with (
            watched(registry.client, "UpdateItem") as updates,
            watched(registry.client, "PutItem") as puts,
        ):
            registry.store.observe(Device.of_status(message))
        assert (len(updates), len(puts)) == ((1, 1) if second == 0 else (1, 0))
    registry.store.observe(joined(disconnected(40, 1), connected(60, 2), offline(30)))
    sizes = [size_of(item) for item in registry.client.scan(TableName=registry.table)["Items"]]
    assert 800 < max(sizes) <= 1024, "docs/capacity.md counts one KB"


def test_wrong_clocks_are_counted_beside_what_is_known(registry: Registry) -> None:
    def count() -> None:
        registry.client.update_item(
            TableName=registry.table,
            Key=to_attributes({"pk": "DEVICE#cam-1", "sk": "DEVICE"}),
            UpdateExpression="ADD clock_rejected :one SET expires_at = :far",
            ExpressionAttributeValues=to_attributes({":one": 1, ":far": 9_999_999_999}),
        )

    count()
    assert registry.directory.get("cam-1") is None, "a count alone is not a device"
    registry.store.observe(beat(0))
    count()
    registry.store.observe(beat(60))
    device = registry.directory.get("cam-1")
    assert device is not None
    assert device.clock_rejected == 2


def test_a_device_is_forgotten_when_no_message_arrives_for_the_whole_retention(
    registry: Registry,
) -> None:
    registry.store.observe(joined(beat(0), offline(1)))
    registry.now = at(1) + KEPT
    assert registry.directory.get("cam-1") is None
    assert registry.listed() == []
    later = (KEPT + timedelta(days=1)).total_seconds()
    assert registry.store.observe(beat(later))
    assert registry.directory.get("cam-1") == beat(later), "nothing is left of its past"
    assert registry.listed() == ["cam-1"]


# --- the list ----------------------------------------------------------------------------------


def test_devices_are_listed_by_id_page_by_page(registry: Registry) -> None:
    ids = [f"cam-{n}" for n in (3, 1, 2)]
    for device_id in ids:
        registry.store.observe(beat(0, device_id=device_id))
    first = registry.directory.page(2)
    assert [one.device_id for one in first.devices] == ["cam-1", "cam-2"]
    second = registry.directory.page(2, first.next_after)
    assert [one.device_id for one in second.devices] == ["cam-3"]
    assert second.next_after is None
    assert registry.listed() == sorted(ids)
    assert registry.directory.page().devices[0] == beat(0, device_id="cam-1")


def test_more_devices_than_one_batch_are_listed(registry: Registry) -> None:
    ids = [f"cam-{n:03}" for n in range(101)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: registry.store.observe(beat(0, device_id=one)), ids))
    assert registry.listed() == ids


def test_the_listing_is_renewed_once_a_month(registry: Registry) -> None:
    for day in range(0, 62, 31):
        registry.now = at(day * 86400)
        registry.store.observe(beat(day * 86400))
        listed_until = registry.item("LISTED")["expires_at"]
        assert listed_until == registry.item()["expires_at"] + 30 * 86400


def test_a_device_is_listed_again_when_its_items_were_deleted(registry: Registry) -> None:
    registry.store.observe(beat(0))
    for sk in ("DEVICE", "LISTED"):
        registry.client.delete_item(
            TableName=registry.table, Key=to_attributes({"pk": "DEVICE#cam-1", "sk": sk})
        )
        assert registry.listed() == []
    registry.store.observe(beat(60))
    assert registry.listed() == ["cam-1"]


def test_a_page_is_read_to_its_end_when_the_table_is_throttled(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        registry.store.observe(beat(0, device_id=f"cam-{n}"))
    batch_get = registry.client.batch_get_item

    def one_at_a_time(RequestItems: Any) -> Any:  # noqa: N803
        [(name, wanted)] = RequestItems.items()
        first, *others = wanted["Keys"]
        answer = batch_get(RequestItems={name: {"Keys": [first]}})
        return answer | {"UnprocessedKeys": {name: {"Keys": others}} if others else {}}

    monkeypatch.setattr(registry.client, "batch_get_item", one_at_a_time)
    assert registry.listed() == ["cam-0", "cam-1", "cam-2"]
    monkeypatch.setattr(
        registry.client,
        "batch_get_item",
        lambda RequestItems: {  # noqa: N803
            "Responses": {registry.table: []},
            "UnprocessedKeys": RequestItems,
        },
    )
    with pytest.raises(ConflictError, match=r"^devices: .* UnprocessedKeys "):
        registry.listed()


# --- when DynamoDB refuses or fails ------------------------------------------------------------

FAULTS: dict[str, Callable[[Any, str], AbstractContextManager[None]]] = {
    "fails once": lambda client, call: failing(client, call, times=1),
    "loses an answer": losing_answer,
    "is repeated by boto3": repeating,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", ["GetItem", "PutItem", "UpdateItem"])
def test_the_device_is_the_same_when_a_call_fails_and_sqs_delivers_again(
    registry: Registry, call: str, fault: str
) -> None:
    with FAULTS[fault](registry.client, call):
        try:
            registry.store.observe(beat(0))
        except BotoCoreError:
            registry.store.observe(beat(0))
    assert registry.directory.get("cam-1") == beat(0)
    assert registry.listed() == ["cam-1"]


@pytest.mark.parametrize("call", ["GetItem", "PutItem", "UpdateItem"])
def test_the_error_is_raised_when_a_call_fails_for_good(registry: Registry, call: str) -> None:
    with failing(registry.client, call), pytest.raises(BotoCoreError):
        registry.store.observe(beat(0))
    assert registry.directory.get("cam-1") is None


def test_both_messages_count_when_another_invocation_is_faster(registry: Registry) -> None:
    faster = lambda: registry.store.observe(offline(1))  # noqa: E731
    with before_first(registry.client, "UpdateItem", faster):
        assert registry.store.observe(beat(0))
    assert registry.directory.get("cam-1") == joined(beat(0), offline(1))


def test_every_message_counts_when_many_functions_store_at_once(
    aws: SimpleNamespace, table: str
) -> None:
    store = DeviceStore(aws.dynamodb, table, retention=timedelta(days=99_999))
    seen = [beat(n, next_seq=n) for n in range(6)] + [offline(n) for n in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(store.observe, seen))
    assert DeviceDirectory(aws.dynamodb, table).get("cam-1") == joined(*seen)


@pytest.mark.parametrize(
    "code",
    [
        "ConditionalCheckFailedException",
        "TransactionConflictException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
    ],
)
def test_the_device_is_named_when_every_attempt_is_refused(registry: Registry, code: str) -> None:
    error = client_error(code, operation="UpdateItem")
    with failing(registry.client, "UpdateItem", times=3, error=error):
        assert registry.store.observe(beat(0))
    registry.pauses.clear()
    with (
        failing(registry.client, "UpdateItem", error=error),
        pytest.raises(ConflictError, match=f"^device cam-1: .* {code} "),
    ):
        registry.store.observe(beat(60))
    assert len(registry.pauses) == MAX_ATTEMPTS - 1


def test_the_error_is_raised_at_once_when_another_attempt_cannot_help(registry: Registry) -> None:
    error = client_error("ValidationException", operation="UpdateItem")
    with failing(registry.client, "UpdateItem", error=error), pytest.raises(ClientError):
        registry.store.observe(beat(0))
    assert registry.pauses == []
