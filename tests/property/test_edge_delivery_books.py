"""Every published event is delivered, waits, or is counted: through faults of disk and broker."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge_lambda.delivery.lanes import Lanes, Message
from edge_lambda.delivery.outbox import Outbox
from tests.helpers.delivery import Clock
from tests.helpers.disk import Disk, copy_of_crash, damage_page, retry_now
from tests.helpers.events import smile_event

ROOM_BYTES = 25_000


def events(payload: bytes) -> list[dict[str, Any]]:
    message = json.loads(payload)
    return list(message.get("events", [message]))


def ids(payload: bytes) -> list[str]:
    return [event["event_id"] for event in events(payload)]


class DeliveryMachine(RuleBasedStateMachine):
    """An outbox with lanes, on a disk that fills up, is damaged and comes back."""

    @initialize()
    def start(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.disk = Disk(self.patch)
        self.clock = Clock()
        self.clock.now_s = 1.7e9
        self.patch.setattr("edge_lambda.delivery.store_keeper.time", self.clock)
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "outbox.sqlite"
        self.published: set[str] = set()
        self.delivered: set[str] = set()
        self.numbers: set[tuple[str, int]] = set()
        self.can_repeat = False  # a run ended whose latest numbers were in memory only
        self.counted = 0  # dropped, lost, and taken by a killed process or a damaged page
        self.open()

    def open(self) -> None:
        self.clock.now_s += 1000  # there are fewer events than seconds
        self.outbox = Outbox(self.path, ROOM_BYTES)
        self.lanes = Lanes(self.outbox)
        self.in_flight: list[Message] = []

    @rule(device_id=st.sampled_from(["a", "b"]), phase=st.sampled_from(["started", "ended"]))
    def put(self, device_id: str, phase: str) -> None:
        record = self.outbox.put(smile_event(phase, device_id=device_id))
        (event,) = events(record.payload)
        number = device_id, event["seq"]
        assert self.can_repeat or number not in self.numbers
        self.numbers.add(number)
        self.published.add(event["event_id"])

    @rule(is_live_only=st.booleans())
    def send(self, is_live_only: bool) -> None:
        message = self.lanes.next(is_live_only=is_live_only)
        if message is not None:
            flying = {record_id for one in self.in_flight for record_id in one.record_ids}
            assert not flying & set(message.record_ids)
            self.in_flight.append(message)

    @precondition(lambda self: self.in_flight)
    @rule()
    def confirm(self) -> None:
        message = self.in_flight.pop(0)
        self.outbox.delete(message.record_ids)
        self.lanes.finish(message)
        self.delivered.update(ids(message.payload))

    @precondition(lambda self: self.in_flight)
    @rule(is_final=st.booleans())
    def refuse(self, is_final: bool) -> None:
        message = self.in_flight.pop(0)
        if is_final:
            self.outbox.quarantine(message.record_ids, "not authorized")
            self.lanes.finish(message)
        else:
            self.lanes.settle(message)

    @rule()
    def reconnect(self) -> None:
        self.in_flight.clear()
        self.lanes.start_over()

    @rule()
    def fill_the_disk(self) -> None:
        self.disk.fill()

    @rule()
    def free_the_disk(self) -> None:
        self.disk.free()
        retry_now(self.outbox)

    @rule()
    def let_a_day_pass(self) -> None:
        self.outbox._release_s = 0.0
        self.outbox.backlog(0, 1)

    @rule()
    def note(self) -> None:
        self.outbox.note([smile_event("started")])

    @rule(damaged_page=st.none() | st.integers(0, 12))
    def restart(self, damaged_page: int | None) -> None:
        self.outbox.save()
        before = self.kept()
        self.finish_books(self.outbox)
        self.outbox.close()
        if damaged_page is not None and self.path.exists():
            damage_page(self.path, damaged_page)
        self.open()
        self.note_missing(before)

    @rule()
    def crash(self) -> None:
        before = self.kept()
        self.finish_books(self.outbox)
        copy = copy_of_crash(self.path, Path(tempfile.mkdtemp(dir=self.folder)))
        self.outbox.close()
        self.path = copy
        self.open()
        self.note_missing(before)

    def finish_books(self, outbox: Outbox) -> None:
        status = outbox.status()
        self.counted += status.dropped + status.lost
        self.can_repeat |= not status.is_on_disk

    def note_missing(self, before: set[str]) -> None:
        """Note what a killed process or a damaged page took with it."""
        status = self.outbox.status()
        missing = before - self.kept() - self.delivered
        assert status.dropped + status.lost <= len(missing)
        self.counted += len(missing) - (status.dropped + status.lost)

    def kept(self) -> set[str]:
        store = self.outbox._keeper._store
        records = store.contents(is_trusted=True).records
        return {key for record in records for key in ids(record.payload)}

    @invariant()
    def books_balance(self) -> None:
        status = self.outbox.status()
        missing = self.published - self.delivered - self.kept()
        assert len(missing) == self.counted + status.dropped + status.lost
        assert status.waiting == len(self.outbox.after(0, 1000))

    def teardown(self) -> None:
        self.outbox.close()
        self.patch.undo()
        shutil.rmtree(self.folder, ignore_errors=True)


TestBooksBalance = DeliveryMachine.TestCase
TestBooksBalance.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
