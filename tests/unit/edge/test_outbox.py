from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edge_lambda.delivery.outbox import Outbox
from smile_contract import SmileEvent, encode_message
from tests.helpers.delivery import Clock
from tests.helpers.events import read_payload, smile_event

SIZE = len(Outbox(None).put(smile_event()).payload)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "state" / "o.sqlite"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    with closing(Outbox(path)) as opened:
        yield opened


def waiting(outbox: Outbox) -> list[SmileEvent]:
    return [read_payload(record.payload) for record in outbox.after(0, 1000)]


def seqs(outbox: Outbox) -> list[int]:
    return [event.seq for event in waiting(outbox)]


@pytest.mark.parametrize(
    ("phases", "kept"),
    [
        (["ended", "started", "ended"], [0, 2]),  # not the oldest event: a `started` goes first
        (["started", "started", "ended"], [1, 2]),  # the oldest of the `started` events
        (["ended", "ended", "ended"], [1, 2]),  # the oldest event when there is no `started`
        (["ended", "ended", "started"], [1, 2]),  # never the newest event
        (["ended", "started", "started", "ended", "ended", "ended"], [4, 5]),
    ],
)
def test_oldest_started_is_dropped_before_any_ended_when_the_outbox_is_full(
    path: Path, phases: list[str], kept: list[int]
) -> None:
    outbox = Outbox(path, max_bytes=int(SIZE * 2.5))
    for phase in phases:
        outbox.put(smile_event(phase))
    assert seqs(outbox) == kept
    assert outbox.status().dropped == len(phases) - 2


def test_each_dropped_event_is_logged_when_the_outbox_is_full(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(path, max_bytes=SIZE)
    for phase in ("started", "ended", "ended"):
        outbox.put(smile_event(phase))
    assert [(r.message, r.phase, r.dropped) for r in caplog.records] == [
        ("outbox full, event dropped", "started", 1),
        ("outbox full, event dropped", "ended", 2),
    ]


def test_newest_event_is_kept_when_it_is_larger_than_the_outbox(path: Path) -> None:
    outbox = Outbox(path, max_bytes=10)
    outbox.put(smile_event())
    outbox.put(smile_event())
    assert seqs(outbox) == [1]


def test_nothing_is_dropped_when_delivered_events_have_made_room(path: Path) -> None:
    outbox = Outbox(path, max_bytes=SIZE * 2)
    for _ in range(5):
        outbox.delete([outbox.put(smile_event()).id])
    for _ in range(2):
        outbox.put(smile_event())
    assert (seqs(outbox), outbox.status().dropped) == ([5, 6], 0)


def test_stored_events_count_against_the_size_when_the_outbox_is_opened_again(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        outbox.put(smile_event())
        outbox.put(smile_event())
    with closing(Outbox(path, max_bytes=SIZE * 2)) as outbox:
        outbox.put(smile_event())
        assert seqs(outbox) == [1, 2]


def test_records_come_in_order_and_in_limited_number(outbox: Outbox) -> None:
    ids = [outbox.put(smile_event()).id for _ in range(4)]
    assert [record.id for record in outbox.after(0, 3)] == ids[:3]
    assert [record.id for record in outbox.after(ids[1], 3)] == ids[2:]


def test_record_names_the_device_and_carries_the_message(outbox: Outbox) -> None:
    record = outbox.put(smile_event(device_id="cam-2"))
    assert outbox.after(0, 1) == [record]
    assert record.device_id == read_payload(record.payload, device_id="cam-2").device_id == "cam-2"


def test_interrupted_smile_gets_its_end_when_the_outbox_is_opened_again(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        started = smile_event("started", duration_ms=700)
        outbox.delete([outbox.put(started).id])
    with closing(Outbox(path)) as outbox:
        (ended,) = outbox.unfinished()
        assert (ended.event_id, ended.phase) == (started.event_id, "ended")
        assert (ended.ended_at - ended.started_at).total_seconds() == 0.7
        assert read_payload(outbox.put(ended).payload).phase == "ended"
        assert outbox.unfinished() == []


def test_finished_smile_gets_no_second_end_when_the_outbox_is_opened_again(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        started = smile_event("started")
        outbox.put(started)
        outbox.put(smile_event("ended", event_id=started.event_id))
    with closing(Outbox(path)) as outbox:
        assert outbox.unfinished() == []


def test_interrupted_smile_gets_its_end_when_the_device_was_renamed(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        outbox.put(smile_event("started", device_id="old-name"))
        outbox.put(smile_event("ended", device_id="new-name"))
    with closing(Outbox(path)) as outbox:
        (ended,) = outbox.unfinished()
        assert (ended.device_id, ended.phase) == ("old-name", "ended")


ENDLESS = encode_message([smile_event("started", duration_ms=10**15)])


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff\xfe", b"[1]", b'{"phase": "started"}', 7, pytest.param(ENDLESS, id="endless")],
)
def test_unreadable_smile_is_deleted_and_the_others_get_their_end(
    path: Path, payload: object, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Outbox(path)) as outbox:
        outbox.put(smile_event("started"))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO ongoing VALUES ('0-damaged', 'cam-1', ?)", (payload,))
    with closing(Outbox(path)) as outbox:
        assert [event.phase for event in outbox.unfinished()] == ["ended"]
    (record,) = caplog.records
    assert (record.message, bool(record.error)) == ("unreadable smile deleted", True)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT COUNT(*) FROM ongoing").fetchone() == (1,)


def test_interrupted_smile_ends_at_the_last_noted_moment(path: Path) -> None:
    started = smile_event("started", duration_ms=700, peak_score=0.8, mean_score=0.7)
    with closing(Outbox(path)) as outbox:
        outbox.put(started)
        outbox.note([replace(started, duration_ms=9100, peak_score=0.97)])
    with closing(Outbox(path)) as outbox:
        (ended,) = outbox.unfinished()
        assert (ended.event_id, ended.phase) == (started.event_id, "ended")
        assert (ended.duration_ms, ended.peak_score) == (9100, 0.97)


def test_live_event_is_next_when_others_wait(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        for _ in range(3):
            outbox.put(smile_event())
    with closing(Outbox(path)) as outbox:
        assert outbox.next_live() is None
        live = [outbox.put(smile_event()) for _ in range(2)]
        assert outbox.next_live() == live[0]
        assert outbox.next_live({live[0].id}) == live[1]
        assert [read_payload(one.payload).seq for one in outbox.backlog(0, 10)] == [0, 1, 2]
        assert len(outbox.backlog(0, 2)) == 2
        outbox.delete([live[0].id])
        assert outbox.next_live() == live[1]


def test_event_joins_the_backlog_when_it_is_a_minute_old(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("edge_lambda.delivery.outbox.time", clock)
    with closing(Outbox(path)) as outbox:
        record = outbox.put(smile_event())
        clock.now_s += 59
        assert (outbox.next_live(), outbox.backlog(0, 10)) == (record, [])
        clock.now_s += 2
        assert (outbox.next_live(), outbox.backlog(0, 10)) == (None, [record])


def test_quarantined_event_waits_no_longer_and_is_counted(outbox: Outbox) -> None:
    records = [outbox.put(smile_event()) for _ in range(3)]
    outbox.quarantine([records[1].id, 10**9], "not authorized")
    assert outbox.after(0, 10) == [records[0], records[2]]
    assert (len(outbox), outbox.next_live({records[0].id})) == (2, records[2])
    status = outbox.status()
    assert (status.waiting, status.quarantined, status.refused) == (2, 1, 1)


def test_quarantined_event_waits_again_behind_the_others_after_a_restart(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        records = [outbox.put(smile_event()) for _ in range(3)]
        outbox.quarantine([records[0].id], "not authorized")
    with closing(Outbox(path)) as outbox:
        assert seqs(outbox) == [1, 2, 0]
        assert outbox.status().quarantined == 0
        assert outbox.put(smile_event()).id == outbox.after(0, 10)[-1].id


def test_quarantined_event_waits_again_after_a_day(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("edge_lambda.delivery.outbox.time", clock)
    with closing(Outbox(path)) as outbox:
        outbox.quarantine([outbox.put(smile_event()).id], "not authorized")
        clock.now_s += 86_000
        assert outbox.backlog(0, 10) == []
        clock.now_s += 500
        assert [read_payload(one.payload).seq for one in outbox.backlog(0, 10)] == [0]


def test_all_events_of_a_device_go_into_quarantine_together(outbox: Outbox) -> None:
    for device_id in ("old", "new", "old"):
        outbox.put(smile_event(device_id=device_id))
    outbox.quarantine_device("old", "not authorized")
    assert [record.device_id for record in outbox.after(0, 10)] == ["new"]
    assert outbox.status().quarantined == 2


def test_quarantined_events_are_dropped_first_when_the_outbox_is_full(path: Path) -> None:
    with closing(Outbox(path, max_bytes=int(SIZE * 2.5))) as outbox:
        outbox.put(smile_event("started"))
        outbox.quarantine([outbox.put(smile_event()).id], "not authorized")
        outbox.put(smile_event())
        assert seqs(outbox) == [0, 2]
        assert (outbox.status().dropped, outbox.status().quarantined) == (1, 0)


def test_status_says_how_old_the_oldest_event_is(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outbox.status().oldest_age_s is None
    clock = Clock()
    monkeypatch.setattr("edge_lambda.delivery.outbox.time", clock)
    outbox.put(smile_event())
    clock.now_s += 30
    outbox.put(smile_event())
    assert outbox.status().oldest_age_s == pytest.approx(30)
    clock.now_s -= 3600  # the clock was set back
    assert outbox.status().oldest_age_s == 0
