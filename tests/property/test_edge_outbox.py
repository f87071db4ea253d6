from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.record import OutboxRecord
from tests.helpers.disk import copy_of_crash
from tests.helpers.events import read_payload, smile_event

DEVICES = ["cam-1", "cam-2"]


def key(record: OutboxRecord) -> tuple[str, int]:
    event = read_payload(record.payload, device_id=record.device_id)
    return event.device_id, event.seq


class OutboxMachine(RuleBasedStateMachine):
    """The outbox against a plain list, through any mix of work, crashes and restarts."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "outbox.sqlite"
        self.outbox = Outbox(self.path)
        self.waiting: list[tuple[str, int]] = []
        self.next_seq = dict.fromkeys(DEVICES, 0)

    @rule(device_id=st.sampled_from(DEVICES))
    def put(self, device_id: str) -> None:
        record = self.outbox.put(smile_event(device_id=device_id))
        assert key(record) == (device_id, self.next_seq[device_id])
        self.next_seq[device_id] += 1
        self.waiting.append(key(record))

    @rule(index=st.integers(0, 5))
    def confirm(self, index: int) -> None:
        records = self.outbox.after(0, 6)
        if index < len(records):
            self.outbox.delete([records[index].id, 10**9])
            del self.waiting[index]

    @rule()
    def restart(self) -> None:
        self.outbox.close()
        self.outbox = Outbox(self.path)

    @rule()
    def crash(self) -> None:
        # A killed process leaves the files as they are, without an orderly close.
        copy = copy_of_crash(self.path, Path(tempfile.mkdtemp(dir=self.folder)))
        self.outbox.close()
        self.path, self.folder = copy, copy.parent
        self.outbox = Outbox(self.path)

    @invariant()
    def nothing_is_lost_and_order_is_kept(self) -> None:
        assert [key(record) for record in self.outbox.after(0, 1000)] == self.waiting
        assert len(self.outbox) == len(self.waiting)

    def teardown(self) -> None:
        self.outbox.close()
        shutil.rmtree(self.folder, ignore_errors=True)


TestOutboxKeepsEverything = OutboxMachine.TestCase
TestOutboxKeepsEverything.settings = settings(max_examples=15, stateful_step_count=20)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["started", "ended"]), max_size=20), st.integers(0, 3000))
def test_full_outbox_keeps_the_newest_event_then_ends_before_starts(
    phases: list[str], max_bytes: int
) -> None:
    outbox = Outbox(None, max_bytes)
    kept: list[tuple[str, OutboxRecord]] = []
    for phase in phases:
        kept.append((phase, outbox.put(smile_event(phase))))
        while sum(len(record.payload) for _, record in kept) > max_bytes and len(kept) > 1:
            starts = [one for one in kept[:-1] if one[0] == "started"]
            kept.remove((starts or kept)[0])
    assert outbox.after(0, 100) == [record for _, record in kept]
    assert outbox.status().dropped == len(phases) - len(kept)
