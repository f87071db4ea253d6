from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from smile_cloud.settings import StoreEventSettings
from smile_cloud.store_event.event_store import Outcome
from smile_cloud.store_event.service import StoreService
from smile_contract import uuid7_time

Sample = Callable[[str], Any]
Letters = Callable[[], list[dict[str, Any]]]


def make_service(table: str, queue: str) -> StoreService:
    settings = StoreEventSettings.from_environment(
        {
            "TABLE_NAME": table,
            "DEAD_LETTER_QUEUE_URL": queue,
            "EVENT_RETENTION_DAYS": "90",
            "ROLLUP_RETENTION_DAYS": "400",
        }
    )
    return StoreService.from_settings(settings)


@pytest.fixture
def service(aws: SimpleNamespace, table: str, queue: str) -> StoreService:
    return make_service(table, queue)


@pytest.fixture
def letters(queue: str, received: Callable[[str], list[dict[str, Any]]]) -> Letters:
    return lambda: received(queue)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("bad_schema_version", "schema_version"),
        ("bad_missing_field", "track_id"),
        ("bad_image", "image"),
        ("bad_device_mismatch", "device_id"),
        ("bad_score", "peak_score"),
        ("bad_not_an_event", "device_id"),
    ],
)
def test_a_message_is_set_aside_with_the_reason_when_it_breaks_the_contract(
    service: StoreService, letters: Letters, sample: Sample, name: str, field: str
) -> None:
    stored = service.keep(sample(f"store_event/{name}"))
    assert len(stored.reasons) == 1
    [letter] = letters()
    assert letter["MessageAttributes"]["field"]["StringValue"] == field
    assert letter["MessageAttributes"]["reason"]["StringValue"].startswith(field)
    assert json.loads(letter["Body"]) == sample(f"store_event/{name}")


def test_the_good_events_are_kept_when_one_of_a_batch_is_bad(
    service: StoreService, letters: Letters, sample: Sample
) -> None:
    stored = service.keep(sample("store_event/bad_one_of_batch"))
    assert stored.outcomes[Outcome.CREATED] == 2
    [letter] = letters()
    assert letter["MessageAttributes"]["field"]["StringValue"] == "peak_score"
    repaired = json.loads(letter["Body"]) | {"peak_score": 0.9}
    assert service.keep(repaired).outcomes[Outcome.CREATED] == 1


def test_an_event_is_set_aside_when_its_clock_is_more_than_a_day_ahead(
    service: StoreService, letters: Letters, sample: Sample
) -> None:
    batch = sample("store_event/batch")
    day_ms = 24 * 3600 * 1000
    starts_ms = [int(uuid7_time(e["event_id"]).timestamp() * 1000) for e in batch["events"]]
    assert service.keep(batch | {"received_at_ms": max(starts_ms) - day_ms}).reasons == []
    reasons = service.keep(batch | {"received_at_ms": min(starts_ms) - day_ms - 1}).reasons
    assert len(reasons) == len(batch["events"])
    assert {letter["MessageAttributes"]["field"]["StringValue"] for letter in letters()} == {
        "started_at"
    }


@pytest.mark.parametrize(
    "rule_event",
    [
        {},
        [],
        {"topic_device_id": "cam 1", "received_at_ms": 1},
        {"topic_device_id": "cam-1"},
        {"topic_device_id": "cam-1", "received_at_ms": True},
        {"topic_device_id": "cam-1", "received_at_ms": 1, "\x00\ud800": 1},
        {"topic_device_id": "cam-1", "received_at_ms": 1, "": 1, "schema_version": 1},
        {"topic_device_id": "cam-1", "received_at_ms": 1, "schema_version": 1, "events": [7]},
    ],
)
def test_anything_is_set_aside_when_it_is_no_message(
    service: StoreService, letters: Letters, rule_event: Any
) -> None:
    assert len(service.keep(rule_event).reasons) == 1
    assert len(letters()) == 1


def test_nothing_is_set_aside_when_the_table_is_out_of_reach(
    queue: str, letters: Letters, sample: Sample
) -> None:
    with pytest.raises(ClientError):
        make_service("no-such-table", queue).keep(sample("store_event/bad_one_of_batch"))
    assert letters() == []
