"""Events on their way out, kept on disk until somebody has confirmed them.

SQLite in write-ahead mode with full synchronisation: what `put` returned is on the disk
(https://www.sqlite.org/pragma.html#pragma_synchronous). An exclusive lock keeps a second
process from sending the same events again.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from edge_lambda.errors import OutboxError
from smile_contract import ContractError, SmileEvent, encode_message

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

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """An event that waits.

    Attributes
    ----------
    id : int
        Grows from record to record.
    device_id : str
    payload : bytes
        The message, as it is published.
    """

    id: int
    device_id: str
    payload: bytes


class NotKeptError(OutboxError):
    """An event could not be written.

    Attributes
    ----------
    record : OutboxRecord
        Of the event with its number; its id is 0, for it is not in the outbox.
    """

    def __init__(self, message: str, record: OutboxRecord) -> None:
        super().__init__(message)
        self.record = record


class Outbox:
    """A queue on disk, bounded by size; safe to use from several threads.

    Parameters
    ----------
    path : Path or None
        None keeps the queue in memory.
    max_bytes : int
        Of all payloads together. Above it the oldest ``started`` goes first, for its
        ``ended`` says the same and more; then the oldest of all.

    Raises
    ------
    OutboxError
        When the file is no outbox, cannot be written or belongs to a running process.
    """

    def __init__(self, path: Path | None, max_bytes: int = 64 * 1024 * 1024) -> None:
        self.path = path
        self.dropped = 0
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        with self._errors():
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = _open(path)
            self._bytes = self._one("SELECT COALESCE(SUM(LENGTH(payload)), 0) FROM event")
            self._next_seqs = dict(self._db.execute("SELECT device_id, next_seq FROM device"))

    def put(self, event: SmileEvent) -> tuple[SmileEvent, OutboxRecord]:
        """Keep an event, with a number.

        Returns
        -------
        SmileEvent
            With its `seq`: one more than the device's last.
        OutboxRecord

        Raises
        ------
        NotKeptError
            When it could not be written, on a full disk for instance; its number is not used
            again, so that the gap tells of the loss.
        """
        with self._lock:
            event = replace(event, seq=self._next_seqs.get(event.device_id, 0))
            self._next_seqs[event.device_id] = event.seq + 1
            payload = encode_message([event])
            return event, self._keep(event, payload)

    def _keep(self, event: SmileEvent, payload: bytes) -> OutboxRecord:
        dropped = self.dropped
        try:
            with self._errors(), self._db:
                self._db.execute(
                    "INSERT OR REPLACE INTO device VALUES (?, ?)", (event.device_id, event.seq + 1)
                )
                row = self._db.execute(
                    "INSERT INTO event (device_id, phase, payload) VALUES (?, ?, ?)",
                    (event.device_id, event.phase, payload),
                )
                self._note_ongoing(event, payload)
                self._bytes += len(payload)
                self._make_room(keep_id=row.lastrowid or 0)
            return OutboxRecord(row.lastrowid or 0, event.device_id, payload)
        except OutboxError as error:
            self._bytes, self.dropped = self._stored_bytes(), dropped
            record = OutboxRecord(0, event.device_id, payload)
            raise NotKeptError(str(error), record) from None

    def after(self, record_id: int, limit: int) -> list[OutboxRecord]:
        """Return the oldest records after `record_id`, at most `limit`."""
        with self._errors(), self._lock:
            rows = self._db.execute(
                "SELECT id, device_id, payload FROM event WHERE id > ? ORDER BY id LIMIT ?",
                (record_id, limit),
            )
            return [OutboxRecord(*row) for row in rows]

    def delete(self, record_ids: Sequence[int]) -> None:
        """Forget records that have been confirmed; unknown ones do not matter."""
        with self._errors(), self._lock, self._db:
            for record_id in record_ids:
                rows = self._db.execute(
                    "DELETE FROM event WHERE id = ? RETURNING LENGTH(payload)", (record_id,)
                )
                self._bytes -= sum(length for (length,) in rows)

    def unfinished(self) -> list[SmileEvent]:
        """Return ``ended`` events for smiles whose end an interrupted run never told.

        They end at the last moment that was told, for nothing later is known. They may be of
        another device, where this one was renamed since. What cannot be read is deleted.
        """
        ended = []
        with self._errors(), self._lock, self._db:
            rows = self._db.execute("SELECT rowid, payload FROM ongoing ORDER BY event_id")
            for row_id, payload in rows.fetchall():
                try:
                    ended.append(_ended(payload))
                except (ValueError, TypeError, OverflowError, ContractError) as error:
                    _log.warning("unreadable smile deleted", extra={"error": str(error)})
                    self._db.execute("DELETE FROM ongoing WHERE rowid = ?", (row_id,))
        return ended

    def __len__(self) -> int:
        with self._errors(), self._lock:
            return self._one("SELECT COUNT(*) FROM event")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _note_ongoing(self, event: SmileEvent, payload: bytes) -> None:
        if event.phase == "started":
            self._db.execute(
                "INSERT OR REPLACE INTO ongoing VALUES (?, ?, ?)",
                (event.event_id, event.device_id, payload),
            )
        else:
            self._db.execute("DELETE FROM ongoing WHERE event_id = ?", (event.event_id,))

    def _make_room(self, keep_id: int) -> None:
        while self._bytes > self._max_bytes:
            row = self._db.execute(
                "DELETE FROM event WHERE id = (SELECT id FROM event WHERE id != ?"
                " ORDER BY phase = 'ended', id LIMIT 1) RETURNING LENGTH(payload), phase",
                (keep_id,),
            ).fetchone()
            if row is None:
                return
            self._bytes -= row[0]
            self.dropped += 1
            _log.warning(
                "outbox full, event dropped", extra={"phase": row[1], "dropped": self.dropped}
            )

    def _stored_bytes(self) -> int:
        try:
            return self._one("SELECT COALESCE(SUM(LENGTH(payload)), 0) FROM event")
        except sqlite3.Error:
            return self._bytes

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise OutboxError(f"outbox: {self.path}: {_reason(error)}") from None

    def _one(self, sql: str) -> int:
        return int(self._db.execute(sql).fetchone()[0])


def _ended(payload: bytes) -> SmileEvent:
    """Return the ``ended`` event of a ``started`` one as it is stored."""
    event = SmileEvent.from_dict(json.loads(payload))
    ended_at = event.started_at + timedelta(milliseconds=event.duration_ms)
    return replace(event, phase="ended", ended_at=ended_at)


def _open(path: Path | None) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:" if path is None else path, timeout=0.2, check_same_thread=False)
    try:
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        tables = db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if version != _SCHEMA_VERSION and tables:
            raise sqlite3.DatabaseError("not an outbox of this version")
        db.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        db.commit()
    except sqlite3.Error:
        db.close()
        raise
    return db


def _reason(error: sqlite3.Error | OSError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if "locked" in str(error):
        return "in use by another process"
    if "not a database" in str(error):
        return "not an outbox"
    return str(error)
