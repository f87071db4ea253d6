"""Events wait until the clock is right, and then carry the right times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from edge_lambda.health import clock_gate
from edge_lambda.health.clock_gate import ClockGate
from smile_contract import SmileEvent, format_time, uuid7_time
from tests.helpers.clock import BOOT, TODAY, SystemClock
from tests.helpers.events import smile_event


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SystemClock:
    clock = SystemClock()
    monkeypatch.setattr(clock_gate, "time", clock)
    monkeypatch.setattr(clock_gate, "clock_state", clock.clock_state)
    return clock


class Published(list[SmileEvent]):
    """Keeps what is published, and what was noted last."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[SmileEvent] = []

    def publish(self, event: SmileEvent) -> None:
        self.append(event)

    def note(self, smiles: Sequence[SmileEvent]) -> None:
        self.noted = list(smiles)


def started_now(clock: SystemClock) -> SmileEvent:
    return smile_event("started", started_at=clock.now)


def test_events_pass_when_the_clock_can_be_right(clock: SystemClock) -> None:
    clock.now = TODAY
    published = Published()
    gate = ClockGate(published)
    event = started_now(clock)
    gate.publish(event)
    gate.close()
    assert published == [event]
    assert (event.clock, gate.lost) == (None, 0)


def test_events_are_corrected_when_the_clock_is_set(
    clock: SystemClock, caplog: pytest.LogCaptureFixture
) -> None:
    published = Published()
    gate = ClockGate(published)
    started = started_now(clock)
    gate.publish(started)
    clock.wait(4)
    ended = smile_event(
        "ended", event_id=started.event_id, started_at=started.started_at,
        ended_at=started.started_at + timedelta(seconds=3), duration_ms=3000,
    )  # fmt: skip
    gate.publish(ended)
    clock.wait(56)
    gate.check()
    assert (published, gate.held) == ([], 2)
    clock.now = TODAY  # the time server answers
    clock.wait(1)
    gate.check()
    assert [event.phase for event in published] == ["started", "ended"]
    assert len({event.event_id for event in published}) == 1
    for event in published:
        assert event.started_at == TODAY - timedelta(seconds=60)
        assert uuid7_time(event.event_id) == event.started_at
        assert event.clock == "corrected"
    assert published[1].ended_at == TODAY - timedelta(seconds=57)
    assert caplog.messages == [
        "clock is wrong, events are held",
        "clock is set, events are corrected",
    ]
    assert (gate.lost, gate.held) == (0, 0)


def test_smile_is_corrected_when_it_ends_after_the_clock_was_set(clock: SystemClock) -> None:
    published = Published()
    gate = ClockGate(published)
    started = started_now(clock)
    gate.publish(started)
    clock.now = TODAY
    clock.wait(10)
    ended = smile_event(
        "ended", event_id=started.event_id, started_at=started.started_at,
        ended_at=started.started_at + timedelta(seconds=9), duration_ms=9000,
    )  # fmt: skip
    gate.publish(ended)
    assert [event.clock for event in published] == ["corrected"] * 2
    assert published[0].event_id == published[1].event_id
    assert published[1].ended_at == published[0].started_at + timedelta(seconds=9)
    later = started_now(clock)
    gate.publish(later)
    assert published[2] == later


def test_ongoing_smiles_are_noted_with_right_times_only(clock: SystemClock) -> None:
    published = Published()
    gate = ClockGate(published)
    started = started_now(clock)
    gate.publish(started)
    gate.note([started])
    assert published.noted == []
    clock.now = TODAY
    clock.wait(2)
    gate.check()
    later = started_now(clock)
    gate.note([started, later])
    assert published.noted == [published[0], later]


def test_times_of_a_file_are_not_corrected(clock: SystemClock) -> None:
    published = Published()
    gate = ClockGate(published, follows_clock=False)
    event = started_now(clock)
    gate.publish(event)
    gate.note([event])
    assert (published, published.noted) == ([event], [event])


def test_smiles_that_started_before_and_after_a_step_are_shifted_by_their_own_error(
    clock: SystemClock,
) -> None:
    published = Published()
    gate = ClockGate(published)
    gate.publish(started_now(clock))
    clock.wait(10)
    clock.now = BOOT.replace(year=1980)  # a first, wrong step
    gate.publish(started_now(clock))
    clock.wait(10)
    clock.now = TODAY
    gate.check()
    starts = [event.started_at for event in published]
    assert starts == [TODAY - timedelta(seconds=20), TODAY - timedelta(seconds=10)]


def test_clock_is_right_when_a_time_server_keeps_it(clock: SystemClock, tmp_path: Path) -> None:
    note = tmp_path / "cam-1.clock"
    note.write_text(format_time(TODAY + timedelta(days=9000)))  # it was wrong once
    clock.now, clock.state = TODAY, "synchronized"
    published = Published()
    gate = ClockGate(published, note)
    gate.publish(started_now(clock))
    assert len(published) == 1
    assert note.read_text() == format_time(TODAY)


def test_clock_is_wrong_when_it_shows_less_than_the_latest_time_on_the_disk(
    clock: SystemClock, tmp_path: Path
) -> None:
    note = tmp_path / "cam-1.clock"
    clock.now, clock.state = TODAY, "synchronized"
    ClockGate(Published(), note).check()
    clock.now, clock.state = TODAY - timedelta(hours=1), "unsynchronized"
    gate = ClockGate(Published(), note)
    gate.publish(started_now(clock))
    assert gate.held == 1


def test_time_is_noted_once_an_hour_and_only_when_it_is_right(
    clock: SystemClock, tmp_path: Path
) -> None:
    note = tmp_path / "cam-1.clock"
    gate = ClockGate(Published(), note)
    clock.now = TODAY
    gate.check()
    assert not note.exists()
    clock.state = "synchronized"
    clock.wait(2)
    gate.check()
    first = note.read_text()
    clock.wait(3500)
    gate.check()
    assert note.read_text() == first
    clock.wait(200)
    gate.check()
    assert note.read_text() > first


@pytest.mark.parametrize("content", ["", "yesterday", "ä"])
def test_unreadable_note_is_ignored(clock: SystemClock, tmp_path: Path, content: str) -> None:
    note = tmp_path / "cam-1.clock"
    note.write_text(content, "utf-8")
    clock.now = TODAY
    published = Published()
    ClockGate(published, note).publish(started_now(clock))
    assert len(published) == 1


def test_folder_that_cannot_be_written_does_not_stop_events(
    clock: SystemClock, tmp_path: Path
) -> None:
    clock.now, clock.state = TODAY, "synchronized"
    published = Published()
    ClockGate(published, tmp_path / "none" / "x.clock").publish(started_now(clock))
    assert len(published) == 1


def test_oldest_events_are_lost_when_too_many_wait(
    clock: SystemClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_gate, "_MOST_HELD", 3)
    published = Published()
    gate = ClockGate(published)
    for _ in range(5):
        gate.publish(started_now(clock))
    assert (gate.held, gate.lost) == (3, 2)


def test_events_are_lost_when_the_clock_is_never_set(
    clock: SystemClock, caplog: pytest.LogCaptureFixture
) -> None:
    gate = ClockGate(published := Published())
    gate.publish(started_now(clock))
    gate.close()
    assert (gate.held, gate.lost, published) == (0, 1, [])
    assert caplog.messages[-1] == "events lost, the clock was never set"


def ended_later(started: SmileEvent, seconds: float = 3.0) -> SmileEvent:
    return smile_event(
        "ended", event_id=started.event_id, started_at=started.started_at,
        duration_ms=round(seconds * 1000),
    )  # fmt: skip


def test_smile_that_started_before_the_clock_went_wrong_ends_under_its_id(
    clock: SystemClock,
) -> None:
    clock.now = TODAY
    published = Published()
    gate = ClockGate(published)
    started = started_now(clock)
    gate.publish(started)
    clock.now = BOOT
    gate.publish(ended_later(started))
    gate.publish(started_now(clock))
    assert (published, gate.held) == ([started, ended_later(started)], 1)


def test_no_event_passes_right_after_the_clock_went_wrong(clock: SystemClock) -> None:
    clock.now = TODAY
    gate = ClockGate(published := Published())
    gate.check()
    clock.now = BOOT
    gate.publish(started_now(clock))
    assert (published, gate.held) == ([], 1)
