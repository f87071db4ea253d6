from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge_lambda.delivery.outbox import Outbox
from smile_contract import Face, Model, SmileEvent, uuid7

AT = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = SmileEvent(
    event_id=uuid7(AT),
    device_id="cam-1",
    seq=0,
    phase="ended",
    started_at=AT,
    ended_at=AT + timedelta(seconds=1),
    duration_ms=1000,
    peak_score=0.9,
    mean_score=0.8,
    face=Face(0.9, (0.1, 0.1, 0.2, 0.2)),
    track_id=1,
    model=Model("0" * 64, 0.6, 0.4),
)


class OutboxMachine(RuleBasedStateMachine):
    """The outbox against a plain list, over any mix of work, crashes and restarts."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "outbox.sqlite"
        self.outbox = Outbox(self.path)
        self.waiting: list[tuple[str, int]] = []
        self.next_seq = {"cam-1": 0, "cam-2": 0}

    @rule(device_id=st.sampled_from(["cam-1", "cam-2"]))
    def put(self, device_id: str) -> None:
        event, _ = self.outbox.put(replace(EVENT, device_id=device_id))
        assert event.seq == self.next_seq[device_id]
        self.next_seq[device_id] += 1
        self.waiting.append((device_id, event.seq))

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
        # What a killed process leaves: the files as they lie, without an orderly close.
        copy = Path(tempfile.mkdtemp(dir=self.folder))
        for file in self.folder.glob(f"{self.path.name}*"):
            shutil.copy(file, copy)
        self.outbox.close()
        self.path = copy / self.path.name
        self.outbox = Outbox(self.path)
        self.folder = copy

    @invariant()
    def nothing_is_lost_and_order_is_kept(self) -> None:
        records = self.outbox.after(0, 1000)
        bodies = [json.loads(record.payload) for record in records]
        assert [(body["device_id"], body["seq"]) for body in bodies] == self.waiting
        assert len(self.outbox) == len(self.waiting)

    def teardown(self) -> None:
        self.outbox.close()
        shutil.rmtree(self.folder, ignore_errors=True)


TestOutboxKeepsEverything = OutboxMachine.TestCase
TestOutboxKeepsEverything.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None
)
