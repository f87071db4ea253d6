"""One SQLite database of events, on disk or in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge_lambda.delivery.outbox_file import open_outbox_file, outbox_error
from edge_lambda.delivery.record import Contents, OutboxRecord
from edge_lambda.delivery.salvage import RECORD_COLUMNS, read_contents
from edge_lambda.errors import OutboxError

_INSERT = f"INSERT OR REPLACE INTO event ({RECORD_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608


class EventStore:
    """Events in the order of their ids. Not safe to use from several threads.

    Parameters
    ----------
    path : Path or None
        None keeps the events in memory.
    max_bytes : int
        Total size of the payloads. Above it, the store drops quarantined events first, then the
        oldest ``started`` events, because their ``ended`` events repeat all they say, then the
        oldest events.

    Attributes
    ----------
    count : int
        How many events it holds, in quarantine too.
    quarantined : int
        How many of them are in quarantine.
    max_id : int
        Largest id so far.

    Raises
    ------
    OutboxError
        See `open_outbox_file`. Every method raises it, and then has changed nothing.
    """

    def __init__(self, path: Path | None, max_bytes: int) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._db = open_outbox_file(path)
        self.count = self.quarantined = self.max_id = self._bytes = 0
        try:
            self._count()
        except OutboxError:
            # Closed later, it would delete the log of the file that has its name by then.
            self._db.close()
            raise

    def insert(self, record: OutboxRecord, event_id: str, next_seq: int) -> list[str]:
        """Add an event and note its smile; return the phases of the events that were dropped."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO device VALUES (?, ?)", (record.device_id, next_seq))
            self._add(db, [record])
            if record.phase == "started":
                _note(db, event_id, record.device_id, record.payload)
            else:
                db.execute("DELETE FROM ongoing WHERE event_id = ?", (event_id,))
            return self._make_room(db, keep_id=record.id)

    def after(self, record_id: int, limit: int) -> list[OutboxRecord]:
        """Return the oldest waiting records after `record_id`, at most `limit`."""
        return self._select("id > ? AND refusal IS NULL ORDER BY id LIMIT ?", record_id, limit)

    def get(self, record_id: int) -> OutboxRecord | None:
        """Return a waiting record, None when it is not there."""
        return next(iter(self._select("id = ? AND refusal IS NULL", record_id)), None)

    def delete(self, record_ids: Collection[int]) -> None:
        """Delete records; unknown ids are ignored."""
        with self._transaction() as db:
            self._delete(db, record_ids)

    def refuse(self, record_ids: Sequence[int], refusal: str) -> int:
        """Put waiting records into quarantine; return how many."""
        query = "UPDATE event SET refusal = ? WHERE id = ? AND refusal IS NULL"
        with self._transaction() as db:
            count = sum(db.execute(query, (refusal, one)).rowcount for one in record_ids)
            self.quarantined += count
        return count

    def refuse_device(self, device_id: str, refusal: str) -> int:
        """Put all waiting records of a device into quarantine; return how many."""
        query = "UPDATE event SET refusal = ? WHERE device_id = ? AND refusal IS NULL"
        with self._transaction() as db:
            count = db.execute(query, (refusal, device_id)).rowcount
            self.quarantined += count
        return count

    def release(self, first_id: int) -> int:
        """Let all quarantined records wait again, after the others; return how many.

        They get the ids from `first_id` on.
        """
        with self._transaction() as db:
            rows = db.execute("SELECT id FROM event WHERE refusal IS NOT NULL ORDER BY id")
            ids = [record_id for (record_id,) in rows.fetchall()]
            for new_id, record_id in enumerate(ids, first_id):
                db.execute(
                    "UPDATE event SET id = ?, refusal = NULL WHERE id = ?", (new_id, record_id)
                )
            self.max_id = max(self.max_id, first_id + len(ids) - 1)
            self.quarantined = 0
        return len(ids)

    def note(self, smiles: Mapping[str, tuple[str, bytes]]) -> None:
        """Note the latest state of ongoing smiles, by event id.

        It reaches the disk with the next event or when the system writes its buffers. A killed
        process loses nothing by that, a power cut the last half minute.
        """
        with self._transaction("NORMAL") as db:
            for event_id, (device_id, payload) in smiles.items():
                _note(db, event_id, device_id, payload)

    def ongoing(self) -> dict[str, bytes]:
        """Return the latest state of the smiles that have not ended, by event id."""
        with self._transaction() as db:
            return dict(db.execute("SELECT event_id, payload FROM ongoing ORDER BY event_id"))

    def forget(self, event_id: str) -> None:
        """Forget an ongoing smile."""
        with self._transaction() as db:
            db.execute("DELETE FROM ongoing WHERE event_id = ?", (event_id,))

    def next_seqs(self) -> dict[str, int]:
        """Return the next `seq` of each device."""
        with self._transaction() as db:
            return dict(db.execute("SELECT device_id, next_seq FROM device"))

    def oldest_ms(self) -> int | None:
        """Return when the oldest waiting event was stored, in Unix milliseconds."""
        with self._transaction() as db:
            (oldest_ms,) = db.execute(
                "SELECT MIN(stored_ms) FROM event WHERE refusal IS NULL AND stored_ms > 0"
            ).fetchone()
            return None if oldest_ms is None else int(oldest_ms)

    def contents(self, *, is_trusted: bool) -> Contents:
        """Return everything that can be read; see `read_contents`."""
        return read_contents(self._db, is_trusted=is_trusted)

    def merge(
        self, contents: Contents, old_ids: Collection[int] = (), old_smiles: Collection[str] = ()
    ) -> list[str]:
        """Delete the old records and ongoing smiles and add `contents`; the others stay.

        Returns the phases of the events that were dropped.
        """
        with self._transaction() as db:
            self._delete(db, old_ids)
            self._add(db, contents.records)
            db.executemany("DELETE FROM ongoing WHERE event_id = ?", [(i,) for i in old_smiles])
            for event_id, (device_id, payload) in contents.ongoing.items():
                _note(db, event_id, device_id, payload)
            for device_id, next_seq in contents.next_seqs.items():
                db.execute(
                    "INSERT INTO device VALUES (?, ?) ON CONFLICT DO UPDATE"
                    " SET next_seq = MAX(next_seq, excluded.next_seq)",
                    (device_id, next_seq),
                )
            return self._make_room(db, keep_id=0)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def _count(self) -> None:
        with self._transaction() as db:
            (self.count, self.quarantined, self._bytes, self.max_id) = db.execute(
                "SELECT COUNT(*), COUNT(refusal), COALESCE(SUM(LENGTH(payload)), 0),"
                " COALESCE(MAX(id), 0) FROM event"
            ).fetchone()

    def _select(self, condition: str, *values: int) -> list[OutboxRecord]:
        with self._transaction() as db:
            rows = db.execute(
                f"SELECT {RECORD_COLUMNS} FROM event WHERE {condition}",  # noqa: S608 - constants
                values,
            )
            return [OutboxRecord(*row) for row in rows]

    def _add(self, db: sqlite3.Connection, records: Sequence[OutboxRecord]) -> None:
        self._delete(db, [record.id for record in records])
        for one in records:
            row = (one.id, one.device_id, one.payload, one.phase, one.stored_ms, one.refusal)
            db.execute(_INSERT, row)
            self._bytes += len(one.payload)
            self.quarantined += one.refusal is not None
            self.max_id = max(self.max_id, one.id)
        self.count += len(records)

    def _delete(self, db: sqlite3.Connection, record_ids: Collection[int]) -> None:
        for record_id in record_ids:
            rows = db.execute(
                "DELETE FROM event WHERE id = ? RETURNING LENGTH(payload), refusal IS NOT NULL",
                (record_id,),
            )
            for length, is_quarantined in rows.fetchall():
                self._bytes -= length
                self.count -= 1
                self.quarantined -= is_quarantined

    def _make_room(self, db: sqlite3.Connection, keep_id: int) -> list[str]:
        dropped = []
        while self._bytes > self._max_bytes:
            row = db.execute(
                "SELECT id, phase FROM event WHERE id != ?"
                " ORDER BY refusal IS NULL, phase = 'ended', id LIMIT 1",
                (keep_id,),
            ).fetchone()
            if row is None:
                break
            self._delete(db, [row[0]])
            dropped.append(row[1])
        return dropped

    @contextmanager
    def _transaction(self, synchronous: str = "FULL") -> Iterator[sqlite3.Connection]:
        """Commit, or roll back and raise an OutboxError."""
        before = self._bytes, self.count, self.quarantined, self.max_id
        try:
            if synchronous != "FULL":
                self._db.execute(f"PRAGMA synchronous={synchronous}")
            try:
                with self._db:
                    yield self._db
            finally:
                if synchronous != "FULL":
                    self._db.execute("PRAGMA synchronous=FULL")
        except sqlite3.Error as error:
            self._bytes, self.count, self.quarantined, self.max_id = before
            raise outbox_error(self.path, error) from None


def _note(db: sqlite3.Connection, event_id: str, device_id: str, payload: bytes) -> None:
    db.execute(
        "INSERT INTO ongoing VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET payload = excluded.payload",
        (event_id, device_id, payload),
    )
