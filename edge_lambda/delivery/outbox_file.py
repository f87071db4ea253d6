"""The SQLite file of the outbox: its tables, how it is opened, and its errors in plain words.

Write-ahead logging with full synchronisation puts every commit on the disk
(https://www.sqlite.org/pragma.html#pragma_synchronous). An exclusive lock keeps a second
process from sending the same events again.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from edge_lambda.errors import OutboxError

_SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT NOT NULL,
    phase TEXT NOT NULL,
    payload BLOB NOT NULL,
    stored_ms INTEGER NOT NULL DEFAULT 0,
    refusal TEXT
);
CREATE TABLE IF NOT EXISTS device (device_id TEXT PRIMARY KEY, next_seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ongoing (
    event_id TEXT PRIMARY KEY, device_id TEXT NOT NULL, payload BLOB NOT NULL
);
"""
_UPGRADE_FROM_1 = """
ALTER TABLE event ADD COLUMN stored_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN refusal TEXT
"""
_OUR_COLUMNS = {"id", "device_id", "phase", "payload"}
_LOCK_TIMEOUT_S = 0.2
# A file with another suffix, such as a video, is more likely a wrong setting than a damaged outbox.
_SUFFIXES = {"", ".sqlite", ".sqlite3", ".db"}
_IN_USE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NEVER_WORKS = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR}


class OutboxInUseError(OutboxError):
    """Another process uses the file."""


class WrongFileError(OutboxError):
    """The path names something that never was an outbox."""


class DamagedFileError(OutboxError):
    """The content of the file is damaged."""


def open_outbox_file(path: Path | None) -> sqlite3.Connection:
    """Open the file, or create it with its folder; None opens a database in memory.

    Only the user of the process can read a new file and a new folder. An existing file is closed
    to others; an existing folder stays as it is.

    Raises
    ------
    OutboxInUseError
        When another process uses the file.
    WrongFileError
        When the path names a database or another file that is not ours.
    DamagedFileError
        When the content is damaged, or belongs to another version.
    OutboxError
        When the file cannot be read and written at the moment.
    """
    try:
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        db = sqlite3.connect(
            ":memory:" if path is None else path, timeout=_LOCK_TIMEOUT_S, check_same_thread=False
        )
        try:
            _prepare(db)
        except sqlite3.Error:
            db.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise outbox_error(path, error) from None
    if path is not None:
        _keep_private(path)
    return db


def outbox_error(path: Path | None, error: sqlite3.Error | OSError) -> OutboxError:
    """Return the error of its class, in words for a person, with the file's path."""
    kind, reason = OutboxError, str(error)
    if isinstance(error, OSError):
        kind = WrongFileError if error.errno in _NEVER_WORKS else OutboxError
        reason = error.strerror or type(error).__name__
    elif isinstance(error, _WrongTables):
        kind, reason = WrongFileError, "not an outbox"
    else:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _IN_USE:
            kind, reason = OutboxInUseError, "in use by another process"
        elif code == sqlite3.SQLITE_NOTADB and path is not None and path.suffix not in _SUFFIXES:
            kind, reason = WrongFileError, "not an outbox"
        elif code in _DAMAGED or isinstance(error, _DamagedContent):
            kind = DamagedFileError
    return kind(f"outbox: {path or 'memory'}: {reason}")


class _WrongTables(sqlite3.DatabaseError):
    """The database belongs to another program."""


class _DamagedContent(sqlite3.DatabaseError):
    """The database opens, but a check found damage."""


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    if tables:
        columns = {row[1] for row in db.execute("PRAGMA table_info(event)")}
        if not columns >= _OUR_COLUMNS:
            raise _WrongTables
        if version not in {1, _SCHEMA_VERSION}:
            raise _DamagedContent(f"version {version} is unknown")
        (result,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if result != "ok":
            raise _DamagedContent("database disk image is malformed")
    # The transaction writes even when nothing changes: it finds out whether the disk takes writes.
    db.execute("BEGIN IMMEDIATE")
    for statement in (_UPGRADE_FROM_1 if version == 1 else _SCHEMA).split(";"):
        db.execute(statement)
    db.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
    db.commit()


def _keep_private(path: Path) -> None:
    for file in (path, path.with_name(f"{path.name}-wal")):
        with suppress(OSError):  # it belongs to somebody else, or does not exist
            if file.stat().st_mode & 0o077:
                file.chmod(0o600)
