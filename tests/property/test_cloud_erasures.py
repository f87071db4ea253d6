"""What is stored equals a plain model after any mix of messages, feedback and erasures.

The steps of the jobs meet faults: a call fails, or AWS applies it and its answer is lost.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from smile_cloud import clients
from smile_cloud.counts import VERDICTS, Counts, event_counts
from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.status_message import StatusMessage
from smile_cloud.feedback_api.feedback_store import FeedbackStore
from smile_cloud.keys import device_pk, fleet_pk, fleet_shard_of
from smile_cloud.rollups import QUARTER, hour_of, quarter_counts
from smile_contract import Heartbeat, format_time, parse_time, uuid7
from tests.helpers.aws_calls import failing, losing_answer
from tests.helpers.erasures import NOW, Erasures
from tests.helpers.events import smile_event
from tests.helpers.functions import AWS_ENVIRONMENT
from tests.helpers.template import create_events_table
from tests.helpers.wire_samples import HEARTBEAT

MINUTE = timedelta(minutes=1)
DEVICES = ("cam-1", "cam-2", "cam-3")  # the first two share a shard of the fleet
SLOTS = 6  # events that the changes share, so that they meet
CALLS = (
    *(("dynamodb", call) for call in ("GetItem", "Query", "TransactWriteItems", "UpdateItem")),
    ("sqs", "SendMessage"),
)
Totals = dict[tuple[str, datetime], Counts]
Item = dict[str, Any]


@pytest.fixture(scope="module")
def aws() -> Iterator[Any]:
    environment = pytest.MonkeyPatch()
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in AWS_ENVIRONMENT.items():
        environment.setenv(name, value)
    made = (clients.dynamodb, clients.sqs)
    for make in made:
        make.cache_clear()
    with mock_aws():
        yield boto3.client("dynamodb"), boto3.client("sqs")
    for make in made:
        make.cache_clear()
    environment.undo()


class World:
    """The table, and what a plain model says of it."""

    def __init__(self, aws: Any, minutes: tuple[int, ...]) -> None:
        dynamodb, sqs = aws
        self.table = create_events_table(dynamodb, f"events-{uuid.uuid4().hex}")
        queue_url = sqs.create_queue(QueueName=f"erasures-{uuid.uuid4().hex}")["QueueUrl"]
        self.cloud = Erasures(self.table, queue_url)
        self._slots = [
            (DEVICES[slot % len(DEVICES)], NOW + minute * MINUTE)
            for slot, minute in enumerate(minutes)
        ]
        self._ids = [uuid7(started_at) for _, started_at in self._slots]
        self._feedback = FeedbackStore(dynamodb, self.table, sleep=lambda _: None)
        self._events: dict[int, Item] = {}
        self._heard: dict[str, set[datetime]] = {}  # when heartbeats of a device arrived
        self._jobs: list[Item] = []  # that have not run
        self._erased: list[Item] = []
        self._faults: list[tuple[str, str, str, int]] = []

    def message(self, slot: int, phase: str, seq: int, duration_ms: int) -> None:
        device_id, started_at = self._slots[slot]
        event = smile_event(
            phase,
            started_at=started_at,
            event_id=self._ids[slot],
            device_id=device_id,
            seq=seq,
            duration_ms=duration_ms,
        )
        self.cloud.store.store(event, self.cloud.now)
        known = self._events.get(slot)
        rank = (phase == "ended", seq)
        is_new = known is None or rank > (known["phase"] == "ended", known["seq"])
        if is_new and not any(self._covers(job, slot) for job in self._erased):
            fields = {"phase": phase, "seq": seq, "duration_ms": duration_ms}
            fields["received_at"] = self.cloud.now
            self._events[slot] = (known or {}) | fields

    def feedback(self, slot: int, verdict: str) -> None:
        known = self._events.get(slot)
        if known is None:
            return
        given = {"verdict": verdict, "by": None, "at": format_time(self.cloud.now)}
        device_id, _ = self._slots[slot]
        assert self._feedback.put(device_id, self._ids[slot], given, self.cloud.now)
        self._events[slot] = known | {"feedback": given}

    def heartbeat(self, device_id: str, minutes_ago: int) -> None:
        """Handle a heartbeat that has waited in the queue."""
        received_at = self.cloud.now - minutes_ago * MINUTE
        fields = HEARTBEAT | {"device_id": device_id, "sent_at": format_time(received_at)}
        message = StatusMessage(Heartbeat.from_dict(fields), received_at)
        self.cloud.devices.observe(Device.of_status(message))
        if not any(
            _is_of(job, device_id) and received_at < parse_time(job["requested_at"])
            for job in self._erased
        ):
            self._heard.setdefault(device_id, set()).add(received_at)

    def erase_range(self, device_id: str, start: int, length: int) -> None:
        first = NOW + start * MINUTE
        self._note(self.cloud.erase_events(first, first + length * MINUTE, device_id))

    def erase_device(self, device_id: str) -> None:
        self._note(self.cloud.erase_device(device_id))

    def fault(self, call: tuple[str, str], kind: str, after: int) -> None:
        """Make a call of the next deliveries fail once."""
        self._faults.append((*call, kind, after))

    def work(self) -> None:
        self.cloud.work(self._next_fault)
        assert self.cloud.dead_letters == []
        for job in self._jobs:
            gone = [slot for slot in self._events if self._erases(job, slot)]
            for slot in gone:
                del self._events[slot]
            for device_id in [one for one in self._heard if _is_of(job, one)]:
                del self._heard[device_id]  # states go as they are; the next message brings them
            assert self.cloud.job(job)["state"] == "done"
        self._jobs.clear()

    def stored(self) -> tuple[set[str], Totals]:
        ids, totals = set(), {}
        for item in self.cloud.items():
            if item["sk"].startswith("EVENT#"):
                ids.add(item["event_id"])
            if item["sk"].startswith("HOUR#"):
                for number, counts in enumerate(quarter_counts(item)):
                    totals[item["pk"], hour_of(item) + number * QUARTER] = counts
        return ids, {key: counts for key, counts in totals.items() if counts != Counts()}

    def devices(self) -> dict[str, tuple[datetime | None, datetime | None]]:
        """Return when the first and the last heartbeat of each listed device arrived."""
        listed = self.cloud.directory.all()
        return {device.device_id: (device.first_seen, device.last_seen) for device in listed}

    def expected_devices(self) -> dict[str, tuple[datetime, datetime]]:
        return {one: (min(times), max(times)) for one, times in self._heard.items()}

    def expected(self) -> tuple[set[str], Totals]:
        sums: Totals = {}
        for slot, item in self._events.items():
            device_id, at = self._slots[slot]
            quarter = at - timedelta(minutes=at.minute % 15)
            for pk in (device_pk(device_id), fleet_pk(fleet_shard_of(device_id))):
                sums[pk, quarter] = sums.get((pk, quarter), Counts()) + event_counts(item)
        return {self._ids[slot] for slot in self._events}, sums

    def _note(self, job: Item) -> None:
        self._jobs.append(job)
        self._erased.append(job)

    def _covers(self, job: Item, slot: int) -> bool:
        """Return whether the range of a job holds an event."""
        device_id, at = self._slots[slot]
        start = job["from"] or format_time(datetime.fromtimestamp(0, NOW.tzinfo))
        is_in = start <= format_time(at) < job["to"]
        return bool(device_id == job["device_id"] and is_in)

    def _erases(self, job: Item, slot: int) -> bool:
        """Return whether a job erases an event: also one from a clock that was ahead."""
        if self._covers(job, slot):
            return True
        arrived = self._events[slot]["received_at"]
        is_early = bool(arrived <= parse_time(job["requested_at"]))
        return is_early and _is_of(job, self._slots[slot][0])

    def _next_fault(self) -> AbstractContextManager[None]:
        if not self._faults:
            return nullcontext()
        service, call, kind, after = self._faults.pop()
        break_call: Callable[..., AbstractContextManager[None]]
        break_call = failing if kind == "fails" else losing_answer
        return break_call(getattr(clients, service)(), call, after=after, times=1)


def _is_of(job: Item, device_id: str) -> bool:
    """Return whether a job erases everything about a device."""
    return (job["scope"], job["device_id"]) == ("device", device_id)


SLOT = st.integers(0, SLOTS - 1)
CHANGES = st.one_of(
    st.tuples(
        st.just("message"),
        SLOT,
        st.sampled_from(["started", "ended"]),
        st.integers(0, 3),
        st.integers(0, 9000),
    ),
    st.tuples(st.just("heartbeat"), st.sampled_from(DEVICES), st.integers(0, 10)),
    st.tuples(st.just("feedback"), SLOT, st.sampled_from(VERDICTS)),
    st.tuples(
        st.just("erase_range"),
        st.sampled_from(DEVICES),
        st.integers(-80, 0),
        st.integers(1, 60),
    ),
    st.tuples(st.just("erase_device"), st.sampled_from(DEVICES)),
    st.tuples(
        st.just("fault"),
        st.sampled_from(CALLS),
        st.sampled_from(["fails", "is applied"]),
        st.integers(0, 2),
    ),
    st.tuples(st.just("work")),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.tuples(*[st.integers(-80, 4)] * SLOTS), st.lists(CHANGES, max_size=25))
def test_what_is_stored_equals_a_plain_model_after_any_mix_of_messages_and_erasures(
    aws: Any, minutes: tuple[int, ...], changes: list[tuple[Any, ...]]
) -> None:
    world = World(aws, minutes)
    for name, *arguments in changes:
        getattr(world, name)(*arguments)
    assert world.stored() == world.expected()
    world.work()
    assert world.stored() == world.expected()
    assert world.devices() == world.expected_devices()
    aws[0].delete_table(TableName=world.table)
