from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge_lambda.delivery.outbox import NotKeptError, Outbox
from edge_lambda.errors import OutboxError
from tests.helpers.events import read_events


def test_oldest_started_goes_first_when_outbox_is_full(tmp_path: Path, make_event) -> None:
    size = len(Outbox(None).put(make_event())[1].payload)
    outbox = Outbox(tmp_path / "o.sqlite", max_bytes=int(size * 3.5))
    for phase in ("ended", "started", "started", "ended", "ended", "ended"):
        outbox.put(make_event(phase))
    left = [json.loads(record.payload)["seq"] for record in outbox.after(0, 10)]
    assert left == [3, 4, 5]
    assert outbox.dropped == 3


def test_newest_event_stays_when_larger_than_the_whole_outbox(tmp_path: Path, make_event) -> None:
    outbox = Outbox(tmp_path / "o.sqlite", max_bytes=10)
    outbox.put(make_event())
    outbox.put(make_event())
    assert [json.loads(r.payload)["seq"] for r in outbox.after(0, 10)] == [1]


def test_second_process_is_refused_when_outbox_is_in_use(tmp_path: Path) -> None:
    first = Outbox(tmp_path / "o.sqlite")
    with pytest.raises(OutboxError, match=r"o\.sqlite: in use by another process"):
        Outbox(tmp_path / "o.sqlite")
    first.close()
    Outbox(tmp_path / "o.sqlite").close()


def test_file_is_left_alone_when_it_is_no_outbox(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(OutboxError, match=r"clip\.mp4: not an outbox"):
        Outbox(path)
    assert path.read_bytes() == b"not a database" * 100
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE theirs (x)")
    with pytest.raises(OutboxError, match="not an outbox"):
        Outbox(other)


def test_outbox_is_refused_when_its_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutboxError, match="outbox: "):
        Outbox(tmp_path / "file" / "o.sqlite")


def test_interrupted_smile_gets_its_end_when_the_outbox_is_opened_again(
    tmp_path: Path, make_event
) -> None:
    path = tmp_path / "o.sqlite"
    outbox = Outbox(path)
    _, told = outbox.put(make_event("started"))
    outbox.delete([told.id])
    outbox.close()
    outbox = Outbox(path)
    (ended,) = outbox.unfinished()
    assert (ended.phase, ended.duration_ms) == ("ended", 1000)
    _, record = outbox.put(ended)
    read_events(json.loads(record.payload), device_id="cam-1")
    assert outbox.unfinished() == []


def test_interrupted_smile_gets_its_end_when_the_device_was_renamed(tmp_path: Path, make_event):
    outbox = Outbox(tmp_path / "o.sqlite")
    outbox.put(make_event("started", device_id="old-name"))
    outbox.put(make_event("ended", device_id="new-name"))
    outbox.close()
    (ended,) = Outbox(tmp_path / "o.sqlite").unfinished()
    assert (ended.device_id, ended.phase) == ("old-name", "ended")


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"[1]", b'{"phase": "started"}', 7])
def test_unreadable_smile_is_deleted_and_the_others_end(
    tmp_path: Path, make_event, payload: object
) -> None:
    path = tmp_path / "o.sqlite"
    outbox = Outbox(path)
    outbox.put(make_event("started"))
    outbox.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO ongoing VALUES ('0-damaged', 'cam-1', ?)", (payload,))
    outbox = Outbox(path)
    assert [event.phase for event in outbox.unfinished()] == ["ended"]
    outbox.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT COUNT(*) FROM ongoing").fetchone() == (1,)


def test_number_is_left_out_when_its_event_could_not_be_written(tmp_path: Path, make_event) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    outbox._db.execute("PRAGMA max_page_count=1")  # the disk is full
    kept = []
    with pytest.raises(NotKeptError, match="disk is full") as caught:
        for _ in range(100):
            kept.append(outbox.put(make_event())[0].seq)
    lost = json.loads(caught.value.record.payload)["seq"]
    outbox._db.execute("PRAGMA max_page_count=100000")
    assert kept == list(range(lost))
    assert outbox.put(make_event())[0].seq == lost + 1
    outbox.close()
    outbox = Outbox(tmp_path / "o.sqlite")
    assert outbox.put(make_event())[0].seq == lost + 2
    assert len(outbox) == lost + 2
