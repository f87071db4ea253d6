from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge_lambda.delivery.outbox import NotStoredError, Outbox
from edge_lambda.errors import OutboxError
from smile_contract import SmileEvent, encode_message
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
    assert outbox.dropped == len(phases) - 2


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
    assert (seqs(outbox), outbox.dropped) == ([5, 6], 0)


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


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"[1]", b'{"phase": "started"}', 7, ENDLESS])
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


def test_seq_is_skipped_when_its_event_could_not_be_written(outbox: Outbox, path: Path) -> None:
    outbox._db.execute("PRAGMA max_page_count=1")  # the disk is full
    stored = []
    with pytest.raises(NotStoredError, match="disk is full") as caught:
        for _ in range(100):
            stored.append(read_payload(outbox.put(smile_event()).payload).seq)
    lost = read_payload(caught.value.record.payload).seq
    assert (caught.value.record.id, caught.value.record.device_id) == (0, "cam-1")
    outbox._db.execute("PRAGMA max_page_count=100000")
    assert stored == list(range(lost))
    assert read_payload(outbox.put(smile_event()).payload).seq == lost + 1
    outbox.close()
    with closing(Outbox(path)) as reopened:
        assert read_payload(reopened.put(smile_event()).payload).seq == lost + 2
        assert len(reopened) == lost + 2


def test_events_that_could_not_be_written_take_no_room(path: Path) -> None:
    outbox = Outbox(path, max_bytes=SIZE * 100)
    outbox._db.execute("PRAGMA max_page_count=1")  # the disk is full
    stored, failed = 0, 0
    while failed < 100:
        try:
            outbox.put(smile_event())
            stored += 1
        except NotStoredError:
            failed += 1
    outbox._db.execute("PRAGMA max_page_count=100000")
    outbox.put(smile_event())
    assert (len(outbox), outbox.dropped) == (stored + 1, 0)


def refuse_to_delete(outbox: Outbox, record_id: int) -> None:
    """Make the disk fail when it deletes this record."""
    outbox._db.execute(
        f"CREATE TRIGGER broken BEFORE DELETE ON event WHEN old.id = {record_id}"
        " BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
    )


def test_delivered_events_still_take_room_when_they_could_not_be_deleted(path: Path) -> None:
    outbox = Outbox(path, max_bytes=SIZE * 2)
    ids = [outbox.put(smile_event()).id for _ in range(2)]
    refuse_to_delete(outbox, ids[1])
    with pytest.raises(OutboxError, match=r"o\.sqlite: disk I/O error"):
        outbox.delete(ids)
    assert seqs(outbox) == [0, 1]
    outbox.put(smile_event())
    assert (seqs(outbox), outbox.dropped) == ([1, 2], 1)


def test_nothing_counts_as_dropped_when_the_room_could_not_be_made(path: Path) -> None:
    outbox = Outbox(path, max_bytes=SIZE * 2)
    ids = [outbox.put(smile_event()).id for _ in range(2)]
    refuse_to_delete(outbox, ids[1])
    with pytest.raises(NotStoredError):
        outbox.put(smile_event(score_history=(0.5,) * 32))  # takes the room of both
    assert (seqs(outbox), outbox.dropped) == ([0, 1], 0)
