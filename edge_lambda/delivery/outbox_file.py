"""The SQLite file of the outbox: its tables, how it is opened, and its errors in plain words.

Write-ahead logging with full synchronisation puts every commit on the disk
(https://www.sqlite.org/pragma.html#pragma_synchronous). An exclusive lock keeps a second
process from sending the same events again.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from edge_lambda.errors import OutboxError

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT NOT NULL,
    phase TEXT NOT NULL,
    payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS device (device_id TEXT PRIMARY KEY, next_seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ongoing (
    event_id TEXT PRIMARY KEY, device_id TEXT NOT NULL, payload BLOB NOT NULL
);
"""
_LOCK_TIMEOUT_S = 0.2


def open_outbox_file(path: Path | None) -> sqlite3.Connection:
    """Open the file, or create it with its folder; None opens a database in memory.

    Raises
    ------
    OutboxError
        When the file is not an outbox, cannot be written, or is in use by another process.
    """
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
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
    return db


def outbox_error(path: Path | None, error: sqlite3.Error | OSError) -> OutboxError:
    """Return the error in words for a person, with the file's path."""
    reason = str(error)
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
    elif "locked" in reason:
        reason = "in use by another process"
    elif "not a database" in reason:
        reason = "not an outbox"
    return OutboxError(f"outbox: {path or 'memory'}: {reason}")


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    if version != _SCHEMA_VERSION and tables:
        raise sqlite3.DatabaseError("not an outbox of this version")
    db.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    db.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
    db.commit()
