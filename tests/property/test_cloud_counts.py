"""The counts by hour equal those of a plain model after any mix of changes."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.counts import COUNT_NAMES, VERDICTS, Counts, event_counts
from smile_cloud.feedback_api.feedback_store import FeedbackStore
from smile_cloud.keys import device_pk, event_sk, fleet_pk, fleet_shard_of, hour_sk
from smile_cloud.rollups import (
    QUARTER,
    hour_of,
    hour_removal_writes,
    quarter_counts,
    rollup_writes,
)
from smile_cloud.store_event.event_store import EventStore
from smile_contract import format_time, uuid7
from tests.helpers.events import smile_event
from tests.helpers.functions import AWS_ENVIRONMENT
from tests.helpers.template import create_events_table

START = datetime(2026, 11, 22, 17, tzinfo=UTC)
KEPT = timedelta(days=90)
DEVICES = ("cam-1", "cam-2", "cam-3")  # the first two share a shard of the fleet
SLOTS = 6  # events that the changes share, so that they meet
Totals = dict[tuple[str, datetime], Counts]


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    environment = pytest.MonkeyPatch()
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in AWS_ENVIRONMENT.items():
        environment.setenv(name, value)
    with mock_aws():
        yield boto3.client("dynamodb")
    environment.undo()


class Table:
    """The table, and what a plain model says of its events."""

    def __init__(self, dynamodb: Any, minutes: tuple[int, ...]) -> None:
        self.dynamodb = dynamodb
        self.name = create_events_table(dynamodb, f"events-{uuid.uuid4().hex}")
        self._store = EventStore(dynamodb, self.name, event_retention=KEPT, rollup_retention=KEPT)
        self._feedback = FeedbackStore(dynamodb, self.name)
        self._slots = [
            (DEVICES[slot % len(DEVICES)], START + timedelta(minutes=minute))
            for slot, minute in enumerate(minutes)
        ]
        self._ids = [uuid7(started_at) for _, started_at in self._slots]
        self.model: dict[int, dict[str, Any]] = {}
        self._removed: set[tuple[str, str]] = set()

    def message(self, slot: int, phase: str, seq: int, duration_ms: int) -> None:
        device_id, started_at = self._slots[slot]
        if (device_id, hour_sk(started_at)) in self._removed:
            return
        event = smile_event(
            phase,
            started_at=started_at,
            event_id=self._ids[slot],
            device_id=device_id,
            seq=seq,
            duration_ms=duration_ms,
        )
        self._store.store(event, START)
        known = self.model.get(slot)
        rank = (phase == "ended", seq)
        if known is None or rank > (known["phase"] == "ended", known["seq"]):
            fields = {"phase": phase, "seq": seq, "duration_ms": duration_ms}
            self.model[slot] = (known or {}) | fields

    def feedback(self, slot: int, verdict: str) -> None:
        feedback = {"verdict": verdict, "by": None, "at": format_time(START)}
        is_stored = self._feedback.put(self._slots[slot][0], self._ids[slot], feedback, START)
        assert is_stored is (slot in self.model)
        if is_stored:
            self.model[slot]["feedback"] = feedback

    def delete(self, slot: int) -> None:
        old = self._item(slot)
        if old is None:
            return
        delete = {"TableName": self.name, "Key": self._key(slot)}
        self._write({"Delete": delete}, slot, -event_counts(old))
        del self.model[slot]

    def remove_hour(self, slot: int) -> None:
        """Delete what is left of a device in an hour, including events that have expired."""
        device_id, started_at = self._slots[slot]
        key = {"pk": device_pk(device_id), "sk": hour_sk(started_at)}
        found = self.dynamodb.get_item(TableName=self.name, Key=to_attributes(key))
        if "Item" in found:
            item = from_attributes(found["Item"])
            writes = hour_removal_writes(self.name, device_id, item)
            self.dynamodb.transact_write_items(TransactItems=writes)
        self._removed.add((device_id, key["sk"]))
        for other, (device, at) in enumerate(self._slots):
            if (device, hour_sk(at)) == (device_id, key["sk"]) and self.model.pop(other, None):
                self.dynamodb.delete_item(TableName=self.name, Key=self._key(other))

    def stored(self) -> Totals:
        totals: Totals = {}
        for found in self.dynamodb.scan(TableName=self.name)["Items"]:
            item = from_attributes(found)
            if not item["sk"].startswith("HOUR#"):
                continue
            for number, counts in enumerate(quarter_counts(item)):
                totals[item["pk"], hour_of(item) + number * QUARTER] = counts
        return _above_zero(totals)

    def expected(self) -> Totals:
        sums: Totals = {}
        for slot, item in self.model.items():
            device_id, at = self._slots[slot]
            quarter = at - timedelta(minutes=at.minute % 15)
            for pk in (device_pk(device_id), fleet_pk(fleet_shard_of(device_id))):
                sums[pk, quarter] = sums.get((pk, quarter), Counts()) + _plain_counts(item)
        return sums

    def _item(self, slot: int) -> dict[str, Any] | None:
        found = self.dynamodb.get_item(TableName=self.name, Key=self._key(slot))
        return from_attributes(found["Item"]) if "Item" in found else None

    def _key(self, slot: int) -> Any:
        pk = device_pk(self._slots[slot][0])
        return to_attributes({"pk": pk, "sk": event_sk(self._ids[slot])})

    def _write(self, write: Mapping[str, Any], slot: int, change: Counts) -> None:
        writes = rollup_writes(self.name, *self._slots[slot], change)
        self.dynamodb.transact_write_items(TransactItems=[write, *writes])


def _plain_counts(item: Mapping[str, Any]) -> Counts:
    counted = Counter({"events": 1})
    if item["phase"] == "ended":
        counted += Counter({"ended": 1, "duration_ms": item["duration_ms"]})
    if "feedback" in item:
        counted[item["feedback"]["verdict"]] += 1
    return Counts(*(counted[name] for name in COUNT_NAMES))


def _above_zero(totals: Totals) -> Totals:
    return {key: counts for key, counts in totals.items() if counts != Counts()}


SLOT = st.integers(0, SLOTS - 1)
CHANGES = st.one_of(
    st.tuples(
        st.just("message"),
        SLOT,
        st.sampled_from(["started", "ended"]),
        st.integers(0, 3),
        st.integers(0, 9000),
    ),
    st.tuples(st.just("feedback"), SLOT, st.sampled_from(VERDICTS)),
    st.tuples(st.just("delete"), SLOT),
    st.tuples(st.just("remove_hour"), SLOT),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.tuples(*[st.integers(0, 80)] * SLOTS), st.lists(CHANGES, max_size=30))
def test_the_counts_equal_a_plain_models_after_any_mix_of_changes(
    dynamodb: Any, minutes: tuple[int, ...], changes: list[tuple[Any, ...]]
) -> None:
    table = Table(dynamodb, minutes)
    for name, *arguments in changes:
        getattr(table, name)(*arguments)
    assert table.stored() == table.expected()
    dynamodb.delete_table(TableName=table.name)
