"""A queue of events on disk: each stays until the broker has confirmed it."""

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

from edge_lambda.delivery.outbox_file import open_outbox_file, outbox_error
from edge_lambda.errors import OutboxError
from smile_contract import SmileEvent, encode_message

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """An event that waits for delivery.

    Attributes
    ----------
    id : int
        Increases from record to record.
    device_id : str
    payload : bytes
        The message to publish.
    """

    id: int
    device_id: str
    payload: bytes


class NotStoredError(OutboxError):
    """An event could not be written.

    Attributes
    ----------
    record : OutboxRecord
        The event with its `seq`; its id is 0, because it is not in the outbox.
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
        Total size of the payloads. Above it, the outbox drops the oldest ``started`` events
        first, because their ``ended`` events repeat all they say, then the oldest events.

    Attributes
    ----------
    dropped : int
        How many events were dropped because the outbox was full.

    Raises
    ------
    OutboxError
        When the file is not an outbox, cannot be written, or is in use by another process.
    """

    def __init__(self, path: Path | None, max_bytes: int = 64_000_000) -> None:
        self.path = path
        self.dropped = 0
        self._bytes = 0
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._db = open_outbox_file(path)
        with self._transaction() as db:
            (self._bytes,) = db.execute(
                "SELECT COALESCE(SUM(LENGTH(payload)), 0) FROM event"
            ).fetchone()
            self._next_seqs = dict(db.execute("SELECT device_id, next_seq FROM device"))

    def put(self, event: SmileEvent) -> OutboxRecord:
        """Store an event with the device's next `seq`.

        Raises
        ------
        NotStoredError
            When it could not be written, for example on a full disk. Its `seq` is not used
            again, so consumers see the loss as a gap.
        """
        with self._lock:
            event = replace(event, seq=self._next_seqs.get(event.device_id, 0))
            self._next_seqs[event.device_id] = event.seq + 1
            payload = encode_message([event])
            try:
                return self._insert(event, payload)
            except OutboxError as error:
                record = OutboxRecord(0, event.device_id, payload)
                raise NotStoredError(str(error), record) from None

    def after(self, record_id: int, limit: int) -> list[OutboxRecord]:
        """Return the oldest records after `record_id`, at most `limit`."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT id, device_id, payload FROM event WHERE id > ? ORDER BY id LIMIT ?",
                (record_id, limit),
            )
            return [OutboxRecord(*row) for row in rows]

    def delete(self, record_ids: Sequence[int]) -> None:
        """Delete delivered records; unknown ids are ignored."""
        with self._transaction() as db:
            for record_id in record_ids:
                rows = db.execute(
                    "DELETE FROM event WHERE id = ? RETURNING LENGTH(payload)", (record_id,)
                )
                self._bytes -= sum(length for (length,) in rows)

    def unfinished(self) -> list[SmileEvent]:
        """Return ``ended`` events for the smiles that an interrupted run left open.

        They end at the last moment that was published; nothing later is known. After a rename
        of the device they carry its old id. An unreadable smile is deleted.
        """
        ended = []
        with self._transaction() as db:
            rows = db.execute("SELECT rowid, payload FROM ongoing ORDER BY event_id")
            for row_id, payload in rows.fetchall():
                try:
                    ended.append(_ended(payload))
                except (ValueError, TypeError, OverflowError) as error:
                    _log.warning("unreadable smile deleted", extra={"error": str(error)})
                    db.execute("DELETE FROM ongoing WHERE rowid = ?", (row_id,))
        return ended

    def __len__(self) -> int:
        with self._transaction() as db:
            (count,) = db.execute("SELECT COUNT(*) FROM event").fetchone()
            return int(count)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _insert(self, event: SmileEvent, payload: bytes) -> OutboxRecord:
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO device VALUES (?, ?)", (event.device_id, event.seq + 1)
            )
            row = db.execute(
                "INSERT INTO event (device_id, phase, payload) VALUES (?, ?, ?)",
                (event.device_id, event.phase, payload),
            )
            record = OutboxRecord(row.lastrowid or 0, event.device_id, payload)
            if event.phase == "started":
                db.execute(
                    "INSERT OR REPLACE INTO ongoing VALUES (?, ?, ?)",
                    (event.event_id, event.device_id, payload),
                )
            else:
                db.execute("DELETE FROM ongoing WHERE event_id = ?", (event.event_id,))
            self._bytes += len(payload)
            self._make_room(db, keep_id=record.id)
        return record

    def _make_room(self, db: sqlite3.Connection, keep_id: int) -> None:
        while self._bytes > self._max_bytes:
            row = db.execute(
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

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Lock the outbox; commit, or roll back and raise an OutboxError."""
        with self._lock:
            before = self._bytes, self.dropped
            try:
                with self._db:
                    yield self._db
            except sqlite3.Error as error:
                self._bytes, self.dropped = before
                raise outbox_error(self.path, error) from None


def _ended(payload: bytes) -> SmileEvent:
    """Return the ``ended`` event for a stored ``started`` event."""
    event = SmileEvent.from_dict(json.loads(payload))
    ended_at = event.started_at + timedelta(milliseconds=event.duration_ms)
    return replace(event, phase="ended", ended_at=ended_at)
