"""Read what can still be read of an outbox, and rename a damaged file."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge_lambda.delivery.record import Contents, OutboxRecord
from edge_lambda.errors import OutboxError
from smile_contract import SmileEvent

RECORD_COLUMNS = "id, device_id, payload, phase, stored_ms, refusal"
_V1_COLUMNS = "id, device_id, payload, phase"
_KEPT_FILES = 3
_MOST_PROBES = 100_000
_MEMORY_DISK = Path("/dev/shm")  # noqa: S108 - a folder that no other user can enter is made in it


def read_contents(db: sqlite3.Connection, *, is_trusted: bool = False) -> Contents:
    """Return everything that SQLite can read; never raises.

    Unless the database is trusted, records that are no events are counted and left out.
    """
    contents = Contents()
    for row in _rows(db, contents):
        if is_trusted:
            contents.records.append(OutboxRecord(*row))
        else:
            _add_checked(contents, row)
    for device_id, next_seq in _try_all(db, "SELECT device_id, next_seq FROM device", contents):
        if isinstance(device_id, str) and isinstance(next_seq, int):
            known = contents.next_seqs.get(device_id, 0)
            contents.next_seqs[device_id] = max(known, next_seq)
    ongoing = "SELECT event_id, device_id, payload FROM ongoing"
    for event_id, device_id, payload in _try_all(db, ongoing, contents):
        if isinstance(event_id, str) and isinstance(device_id, str) and isinstance(payload, bytes):
            contents.ongoing[event_id] = (device_id, payload)
    return contents


def read_file(path: Path) -> Contents:
    """Return what can be read of a file that cannot be opened as usual; never raises.

    It reads a copy, so that the file stays as it is.
    """
    with (
        suppress(OSError, sqlite3.Error),
        copied(path) as copy,
        closing(sqlite3.connect(copy)) as db,
    ):
        db.execute("PRAGMA writable_schema=ON")  # else SQLite refuses a truncated file
        return read_contents(db)
    return Contents(is_complete=False)


@contextmanager
def copied(path: Path) -> Iterator[Path]:
    """Copy a file and its log, in memory if they fit; delete the copy afterwards.

    Raises
    ------
    OSError
        When the file cannot be read, or there is no room for the copy.
    """
    try:
        copies = _copy(path, _MEMORY_DISK)
    except OSError:
        copies = _copy(path, None)
    with copies:
        yield Path(copies.name) / path.name


def _copy(path: Path, folder: Path | None) -> tempfile.TemporaryDirectory[str]:
    copies = tempfile.TemporaryDirectory(dir=folder)
    try:
        copy = Path(copies.name) / path.name
        shutil.copyfile(path, copy)
        with suppress(FileNotFoundError):
            shutil.copyfile(_wal(path), _wal(copy))
    except OSError:
        copies.cleanup()
        raise
    return copies


def rename_damaged(path: Path) -> Path:
    """Rename a damaged file to ``<name>.damaged-<time>`` and return the new path.

    Only the three newest damaged files are kept.

    Raises
    ------
    OutboxError
        When it cannot be renamed.
    """
    time = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    target = path.with_name(f"{path.name}.damaged-{time}")
    try:
        # First the log: SQLite would apply it to the file that takes the name.
        with suppress(FileNotFoundError):
            _wal(path).rename(_wal(target))
        path.rename(target)
    except OSError as error:
        raise OutboxError(f"outbox: {path}: cannot be renamed: {error.strerror}") from None
    with suppress(OSError):
        kept = sorted(p for p in path.parent.glob(f"{path.name}.damaged-*") if p.suffix[-1] == "Z")
        for old in kept[:-_KEPT_FILES]:
            _wal(old).unlink(missing_ok=True)
            old.unlink()
    return target


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _rows(db: sqlite3.Connection, contents: Contents) -> list[tuple[Any, ...]]:
    """Return the rows of all pages of events that can be read, in the order of their ids."""
    columns = _V1_COLUMNS if _is_v1(db) else RECORD_COLUMNS
    select = f"SELECT {columns} FROM event"  # noqa: S608 - constants
    rows = _try_all(db, f"{select} ORDER BY id", contents)
    if not contents.is_complete:  # a damaged page: go on behind it, then look between
        rows += _behind(db, select, rows[-1][0] if rows else 0, contents)
    return rows


def _behind(
    db: sqlite3.Connection, select: str, last_id: int, contents: Contents
) -> list[tuple[Any, ...]]:
    end = f"{select} WHERE id > {last_id} ORDER BY id DESC"
    rows = _try_all(db, end, contents)[::-1]
    first_id = rows[0][0] if rows else last_id
    between: list[tuple[Any, ...]] = []
    for record_id in range(last_id + 1, min(first_id, last_id + _MOST_PROBES)):
        between += _try_all(db, f"{select} WHERE id = {record_id}", contents)
    return between + rows


def _is_v1(db: sqlite3.Connection) -> bool:
    with suppress(sqlite3.Error):
        return "refusal" not in {row[1] for row in db.execute("PRAGMA table_info(event)")}
    return False


def _try_all(db: sqlite3.Connection, query: str, contents: Contents) -> list[tuple[Any, ...]]:
    """Return the rows up to the first error, which is noted in `contents`."""
    rows: list[tuple[Any, ...]] = []
    try:
        for row in db.execute(query):
            rows.append(row)
    except (sqlite3.Error, OverflowError, UnicodeError):
        contents.is_complete = False
    return rows


def _add_checked(contents: Contents, row: tuple[Any, ...]) -> None:
    record = OutboxRecord(*row)
    try:
        event = SmileEvent.from_dict(json.loads(record.payload))
    except (ValueError, TypeError, RecursionError):
        contents.unreadable += 1
        return
    is_same = (event.device_id, event.phase) == (record.device_id, record.phase)
    if not is_same or not isinstance(record.stored_ms, int):
        contents.unreadable += 1
        return
    contents.records.append(record)
    known = contents.next_seqs.get(event.device_id, 0)
    contents.next_seqs[event.device_id] = max(known, event.seq + 1)
