"""Opening the outbox's file: locks, foreign files, and what reaches the disk."""

from __future__ import annotations

import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge_lambda.delivery.outbox import Outbox
from edge_lambda.errors import OutboxError
from smile_contract import encode_message
from tests.helpers.disk import copy_of_crash
from tests.helpers.events import read_payload, smile_event


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "state" / "o.sqlite"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    with closing(Outbox(path)) as opened:
        yield opened


def test_second_process_is_refused_at_once_when_the_outbox_is_in_use(
    outbox: Outbox, path: Path
) -> None:
    begun = time.monotonic()
    with pytest.raises(OutboxError, match=r"o\.sqlite: in use by another process"):
        Outbox(path)
    assert time.monotonic() - begun < 2
    outbox.close()
    Outbox(path).close()


def test_file_is_unchanged_when_it_is_not_an_outbox(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"not a database" * 100)
    with pytest.raises(OutboxError, match=r"clip\.mp4: not an outbox"):
        Outbox(clip)
    assert clip.read_bytes() == b"not a database" * 100


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE theirs (x)", "CREATE TABLE event (x); PRAGMA user_version=2"]
)
def test_database_is_refused_when_it_belongs_to_another_program(
    tmp_path: Path, statement: str
) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(statement)
    with pytest.raises(OutboxError, match=r"other\.sqlite: not an outbox$"):
        Outbox(path)
    with closing(sqlite3.connect(path)) as db:  # not locked any more
        assert db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (1,)


def test_outbox_is_refused_when_its_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutboxError, match=r"^outbox: .*o\.sqlite: (File exists|Not a directory)$"):
        Outbox(tmp_path / "file" / "o.sqlite")


def test_committed_events_reach_the_disk_at_once(outbox: Outbox) -> None:
    full = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous
    db = outbox._keeper._store._db
    for _ in range(2):
        assert db.execute("PRAGMA synchronous").fetchone() == (full,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        outbox.note([smile_event("started")])  # without synchronisation; later commits have it


def test_only_the_user_can_read_a_new_outbox_and_its_folder(outbox: Outbox, path: Path) -> None:
    outbox.put(smile_event())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_existing_outbox_is_closed_to_others_and_its_folder_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with closing(Outbox(tmp_path / "o.sqlite")) as killed:
        killed.put(smile_event())
        path = copy_of_crash(tmp_path / "o.sqlite", tmp_path / "crash")
    files = set(path.parent.iterdir())
    assert {file.name for file in files} == {"o.sqlite", "o.sqlite-wal"}
    for file in files:
        file.chmod(0o644)
    with closing(Outbox(path)) as outbox:
        assert len(outbox) == 1
        assert set(path.parent.iterdir()) == files
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


VERSION_1 = """
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, device_id TEXT NOT NULL, phase TEXT NOT NULL,
    payload BLOB NOT NULL
);
CREATE TABLE device (device_id TEXT PRIMARY KEY, next_seq INTEGER NOT NULL);
CREATE TABLE ongoing (event_id TEXT PRIMARY KEY, device_id TEXT NOT NULL, payload BLOB NOT NULL);
INSERT INTO device VALUES ('cam-1', 8);
"""


@pytest.mark.parametrize("version", [1, 99])
def test_events_of_another_version_of_the_outbox_wait_on(tmp_path: Path, version: int) -> None:
    path = tmp_path / "o.sqlite"
    payload = encode_message([smile_event(seq=7)])
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(f"{VERSION_1} PRAGMA user_version={version}")
        db.execute("INSERT INTO event VALUES (5, 'cam-1', 'ended', ?)", (payload,))
    with closing(Outbox(path)) as outbox:
        (record,) = outbox.after(0, 10)
        assert (record.id, record.payload, record.refusal) == (5, payload, None)
        assert outbox.status().oldest_age_s is None
        gap = 0 if version == 1 else 1000  # a version from the future is treated as damage
        assert read_payload(outbox.put(smile_event()).payload).seq == 8 + gap
    assert len(list(tmp_path.glob("*.damaged-*Z"))) == (version != 1)
