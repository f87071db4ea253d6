"""Opening the outbox's file: locks, foreign files, and what reaches the disk."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge_lambda.delivery.outbox import Outbox
from edge_lambda.errors import OutboxError


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
    with pytest.raises(OutboxError, match=r"other\.sqlite: not an outbox of this version"):
        Outbox(path)
    with closing(sqlite3.connect(path)) as db:  # not locked any more
        assert db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (1,)


def test_outbox_is_refused_when_its_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutboxError, match=r"^outbox: .*o\.sqlite: (File exists|Not a directory)$"):
        Outbox(tmp_path / "file" / "o.sqlite")


def test_committed_events_reach_the_disk_at_once(outbox: Outbox) -> None:
    full = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous
    assert outbox._db.execute("PRAGMA synchronous").fetchone() == (full,)
    assert outbox._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
