"""An outbox file that is damaged, read-only, or on a full disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge_lambda.delivery import salvage
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.salvage import rename_damaged
from smile_contract import SmileEvent
from tests.helpers.delivery import Clock
from tests.helpers.disk import PAGE_BYTES, Disk, as_nobody, copy_of_crash, damage_page, retry_now
from tests.helpers.events import read_payload, smile_event

NOW_S = 1_700_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def folder_for_all() -> Iterator[Path]:
    """A folder that a user without rights can enter."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def fill(path: Path, count: int) -> None:
    with closing(Outbox(path)) as outbox:
        for _ in range(count):
            outbox.put(smile_event())


def waiting(outbox: Outbox) -> list[SmileEvent]:
    return [read_payload(record.payload) for record in outbox.after(0, 1000)]


def seqs(outbox: Outbox) -> list[int]:
    return [event.seq for event in waiting(outbox)]


def put(outbox: Outbox) -> int:
    return read_payload(outbox.put(smile_event()).payload).seq


def damaged_copies(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.damaged-*Z"))


@pytest.mark.parametrize("content", [b"", os.urandom(5000)], ids=["empty", "random"])
def test_new_outbox_replaces_a_file_of_random_bytes(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW_S + 0.5)
    path.write_bytes(content)
    Outbox(path).close()
    monkeypatch.setattr(time, "time", lambda: NOW_S + 9)
    with closing(Outbox(path)) as outbox:
        assert put(outbox) == NOW_S  # the numbers before are unknown: rather a gap than repeats
        assert outbox.status().is_on_disk
    with closing(Outbox(path)) as outbox:
        assert seqs(outbox) == [NOW_S]
    copies = damaged_copies(path)
    assert [copy.read_bytes() for copy in copies] == ([content] if content else [])
    if content:
        (record,) = [one for one in caplog.records if one.message == "outbox damaged, renamed"]
        assert (record.renamed_to, record.salvaged, record.lost) == (str(copies[0]), 0, 0)
        assert str(path) in record.error


def test_readable_events_of_a_damaged_page_are_salvaged(path: Path) -> None:
    fill(path, 60)
    with closing(sqlite3.connect(path)) as db:
        pages = db.execute("SELECT pageno FROM dbstat WHERE name='event' AND pagetype='leaf'")
        leaf = pages.fetchall()[5][0] - 1
        per_page = len(db.execute("SELECT id FROM event").fetchall()) / 10
    damage_page(path, leaf)
    with closing(Outbox(path)) as outbox:
        kept = seqs(outbox)
        missing = sorted(set(range(60)) - set(kept))
        assert 1 <= len(missing) <= per_page * 3
        assert missing == list(range(missing[0], missing[-1] + 1))  # one page, in the middle
        assert put(outbox) == 1060  # the log of a damaged file may have had up to 1,000 more
        assert outbox.status().is_on_disk
    assert len(damaged_copies(path)) == 1
    with closing(Outbox(path)) as outbox:
        assert seqs(outbox) == [*kept, 1060]


def page_of(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        pages = db.execute("SELECT pageno FROM dbstat WHERE name = ?", (table,))
        return int(pages.fetchone()[0]) - 1


@pytest.mark.parametrize("table", ["device", "ongoing"])
def test_damage_is_found_at_the_start_when_it_is_not_among_the_events(
    path: Path, table: str
) -> None:
    fill(path, 5)
    damage_page(path, page_of(path, table))
    with closing(Outbox(path)) as outbox:
        assert len(damaged_copies(path)) == 1
        assert put(outbox) == 1005
        assert outbox.status().is_on_disk
    with closing(Outbox(path)) as outbox:
        assert seqs(outbox) == [0, 1, 2, 3, 4, 1005]


def test_readable_events_of_a_truncated_file_are_salvaged(path: Path) -> None:
    fill(path, 100)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 // PAGE_BYTES * PAGE_BYTES)
    with closing(Outbox(path)) as outbox:
        kept = seqs(outbox)
        assert kept == list(range(len(kept)))
        assert 10 <= len(kept) <= 50
        assert put(outbox) >= 1000
    assert len(damaged_copies(path)) == 1


def test_damaged_event_is_counted_and_the_others_are_salvaged(path: Path) -> None:
    fill(path, 60)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE event SET payload = 'x' WHERE id = 7")
        db.execute("PRAGMA user_version = 99")  # treated as damage
    with closing(Outbox(path)) as outbox:
        assert seqs(outbox) == [seq for seq in range(60) if seq != 6]
        assert outbox.status().lost == 1


def test_smiles_and_quarantine_of_a_damaged_file_are_salvaged(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        started = smile_event("started")
        outbox.quarantine([outbox.put(started).id], "not authorized")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA user_version = 99")
    with closing(Outbox(path)) as outbox:
        assert [event.event_id for event in outbox.unfinished()] == [started.event_id]
        assert seqs(outbox) == [0]


def test_events_in_the_log_of_a_damaged_file_are_salvaged(path: Path, tmp_path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        for _ in range(5):
            outbox.put(smile_event())
        crashed = copy_of_crash(path, tmp_path / "crash")
    damage_page(crashed, 0)
    with closing(Outbox(crashed)) as outbox:
        assert seqs(outbox) == [0, 1, 2, 3, 4]


def test_log_of_a_damaged_file_is_renamed_with_it(path: Path) -> None:
    path.write_bytes(b"damaged")
    path.with_name("outbox.sqlite-wal").write_bytes(b"log")
    target = rename_damaged(path)
    assert (target.read_bytes(), path.exists()) == (b"damaged", False)
    assert target.with_name(f"{target.name}-wal").read_bytes() == b"log"
    assert not path.with_name("outbox.sqlite-wal").exists()


def test_three_newest_damaged_files_are_kept(path: Path) -> None:
    for number in range(5):
        path.write_bytes(b"damaged %d" % number)
        Outbox(path).close()
    contents = [copy.read_bytes() for copy in damaged_copies(path)]
    assert contents == [b"damaged 2", b"damaged 3", b"damaged 4"]


@pytest.mark.parametrize("is_folder", [False, True], ids=["file", "folder"])
def test_events_wait_in_memory_while_the_file_is_read_only(
    folder_for_all: Path, is_folder: bool, caplog: pytest.LogCaptureFixture
) -> None:
    folder = folder_for_all / "state"
    path = folder / "outbox.sqlite"
    with as_nobody():
        folder.mkdir()
        fill(path, 3)
        path.chmod(0o400)
        if is_folder:
            folder.chmod(0o500)
        with closing(Outbox(path)) as outbox:
            assert put(outbox) == 3
            assert seqs(outbox) == [0, 1, 2, 3]  # those of the file too
            status = outbox.status()
            assert (status.is_on_disk, outbox.save()) == (False, 1)
            assert status.memory_reason.startswith(f"outbox: {path}: ")
            outbox.delete([outbox.after(0, 2)[1].id])
            folder.chmod(0o700)
            path.chmod(0o600)
            retry_now(outbox)
            assert put(outbox) == 4
            assert outbox.status().is_on_disk
            assert outbox.status().memory_reason == ""
        with closing(Outbox(path)) as outbox:
            assert seqs(outbox) == [0, 2, 3, 4]  # the delivered one is not sent again
    assert damaged_copies(path) == []
    assert caplog.messages[0] == "outbox in memory"


def test_log_of_a_read_only_file_is_read_too(folder_for_all: Path, tmp_path: Path) -> None:
    with closing(Outbox(tmp_path / "outbox.sqlite")) as killed:
        for _ in range(3):
            put(killed)
        path = copy_of_crash(tmp_path / "outbox.sqlite", folder_for_all / "state")
    for file in [path.parent, *path.parent.iterdir()]:
        file.chmod(0o555)
    with as_nobody(), closing(Outbox(path)) as outbox:
        assert seqs(outbox) == [0, 1, 2]
        assert not outbox.status().is_on_disk


def test_events_wait_in_memory_while_the_file_cannot_be_read(folder_for_all: Path) -> None:
    path = folder_for_all / "outbox.sqlite"
    with as_nobody():
        fill(path, 3)
        path.chmod(0)
        with closing(Outbox(path)) as outbox:
            seq = put(outbox)
            assert seqs(outbox) == [seq]
            assert seq > 1e9
            path.chmod(0o600)
            retry_now(outbox)
            assert sorted(seqs(outbox)) == [0, 1, 2, seq]


def test_events_wait_in_memory_when_the_disk_is_full_at_the_start(path: Path, disk: Disk) -> None:
    fill(path, 2)
    disk.fill()
    with closing(Outbox(path)) as outbox:
        assert (put(outbox), seqs(outbox)) == (2, [0, 1, 2])
        disk.free()
        assert not outbox.status().is_on_disk  # tried again with growing pauses
        retry_now(outbox)
        assert put(outbox) == 3
        assert outbox.status().is_on_disk
    with closing(Outbox(path)) as outbox:
        assert seqs(outbox) == [0, 1, 2, 3]


def test_no_event_is_lost_when_the_disk_fills_up_and_is_freed_later(
    path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with closing(Outbox(path)) as outbox:
        records = [outbox.put(smile_event("started")) for _ in range(4)]
        disk.fill()
        outbox.delete([records[0].id])  # delivered, but the disk refuses to delete it
        assert put(outbox) == 4
        assert seqs(outbox) == [1, 2, 3, 4]
        assert len(outbox.unfinished()) == 4
        assert outbox.save() == 1
        disk.free()
        assert outbox.save() == 0
        assert outbox.status().is_on_disk
        assert put(outbox) == 5
    messages = caplog.messages
    assert messages == ["outbox in memory", "outbox in memory", "outbox on disk again"]
    with closing(Outbox(path)) as outbox:
        assert seqs(outbox) == [1, 2, 3, 4, 5]
        assert len(outbox.unfinished()) == 4
        assert outbox.status().lost == 0


def test_pauses_between_attempts_grow_while_the_disk_is_full(
    path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.fill()
    with closing(Outbox(path)) as outbox:
        for _ in range(8):
            retry_now(outbox)
            len(outbox)
    pauses = [one.retry_in_s for one in caplog.records]
    assert pauses[0] <= 1
    assert 30 <= pauses[-1] <= 60


def test_pauses_start_over_when_the_disk_has_worked_for_a_minute(
    path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    monkeypatch.setattr("edge_lambda.delivery.store_keeper.time", clock)
    disk.fill()
    with closing(Outbox(path)) as outbox:
        for worked_s, is_short in ((30, False), (61, True)):
            disk.fill()
            for _ in range(8):
                clock.now_s += 61
                outbox.save()
            disk.free()
            outbox.save()
            clock.now_s += worked_s
            disk.fill()
            put(outbox)
            assert (caplog.records[-1].retry_in_s <= 1) is is_short


@pytest.mark.parametrize("broken", ["memory disk", "temporary folder", "both"])
def test_file_is_read_through_a_copy_in_any_folder_that_works(
    path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    fill(path, 3)
    nowhere = path.parent / "nowhere"
    if broken != "temporary folder":
        monkeypatch.setattr(salvage, "_MEMORY_DISK", nowhere)
    if broken != "memory disk":
        monkeypatch.setattr(tempfile, "tempdir", str(nowhere))
    contents = salvage.read_file(path)
    assert contents.is_complete is (broken != "both")
    assert len(contents.records) == (3 if contents.is_complete else 0)


def test_damage_that_appears_during_the_run_is_survived(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        for _ in range(60):
            outbox.put(smile_event())
        db = outbox._keeper._store._db
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA cache_size=1")
        pages = db.execute("SELECT pageno FROM dbstat WHERE name='event' AND pagetype='leaf'")
        leaf = pages.fetchall()[5][0] - 1
        damage_page(path, leaf)
        kept = seqs(outbox)
        assert not outbox.status().is_on_disk
        retry_now(outbox)
        assert (put(outbox), put(outbox)) == (60, 61)  # this run knows the numbers
        status = outbox.status()
        assert status.is_on_disk
        assert len(kept) + status.lost == 60
        assert status.lost >= 1
    assert len(damaged_copies(path)) == 1
    with closing(Outbox(path)) as outbox:
        assert seqs(outbox) == [*kept, 60, 61]


def test_memory_takes_over_when_a_damaged_file_cannot_be_renamed(folder_for_all: Path) -> None:
    folder = folder_for_all / "state"
    folder.mkdir()
    path = folder / "outbox.sqlite"
    path.write_bytes(b"damaged")
    folder.chmod(0o555)
    path.chmod(0o666)
    with as_nobody(), closing(Outbox(path)) as outbox:
        put(outbox)
        assert len(outbox) == 1
        assert "cannot be renamed" in outbox.status().memory_reason
    folder.chmod(0o777)


def test_closed_outbox_does_not_continue_in_memory(path: Path) -> None:
    outbox = Outbox(path)
    outbox.close()
    with pytest.raises(Exception, match="closed"):
        outbox.put(smile_event())
