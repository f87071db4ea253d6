"""Keep events in the file, and in memory while the file cannot be used."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from edge_lambda.backoff import Backoff
from edge_lambda.delivery.event_store import EventStore
from edge_lambda.delivery.outbox_file import DamagedFileError, OutboxInUseError, WrongFileError
from edge_lambda.delivery.record import Contents
from edge_lambda.delivery.salvage import read_file, rename_damaged
from edge_lambda.errors import OutboxError

T = TypeVar("T")
_log = logging.getLogger(__name__)
_FIRST_RETRY_S = 1.0
_LONGEST_RETRY_S = 60.0
# A damaged file can lack its newest commits. They are in the write-ahead log, which SQLite empties
# at 1,000 pages (PRAGMA wal_autocheckpoint); an event takes at least one page.
_SEQ_GAP = 1000
_OTHERS = ""  # stands for the devices whose numbers are unknown; no device has this id
_STABLE_S = 60.0


class StoreKeeper:
    """Run operations on the store in use. Not safe to use from several threads.

    A file that cannot be used is tried again, with growing pauses. Then the events in memory move
    to it. A damaged file is renamed, and what can be read of it moves to a new one.

    Parameters
    ----------
    path : Path or None
        None keeps the events in memory.
    max_bytes : int

    Attributes
    ----------
    path : Path or None
        The path of the file, whether it is in use or not.
    problem : str
        Why the events are in memory and not in the file; empty otherwise.
    dropped : int
        Events that were dropped because the store was full.
    lost : int
        Events that a damaged file had and that cannot be read.

    Raises
    ------
    OutboxInUseError
        When another process uses the file.
    WrongFileError
        When the path names something that never was an outbox.
    """

    def __init__(self, path: Path | None, max_bytes: int) -> None:
        self.problem = ""
        self.dropped = self.lost = 0
        self.path = path
        self._max_bytes = max_bytes
        self._next_id = 1
        self._next_seqs: dict[str, int] = {}
        self._knows_seqs = path is None
        self._known_ids: set[int] = set()  # what memory has taken from the file
        self._known_smiles: set[str] = set()
        self._unread = 0  # how many events the file has that memory could not take
        self._is_closed = False
        self._backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S)
        self._attached_s = self._retry_s = time.monotonic()
        self._store = EventStore(None, max_bytes)
        if path is not None:
            self._open(path)

    @property
    def is_on_disk(self) -> bool:
        """Whether the events are in the file."""
        return self._store.path is not None

    def run(self, operation: Callable[[EventStore], T]) -> T:
        """Return the result of `operation`; when the file fails, do it in memory.

        Raises
        ------
        OutboxError
            When the outbox is closed.
        """
        if self._is_closed:
            raise OutboxError(f"outbox: {self.path or 'memory'}: closed")
        if not self.is_on_disk and time.monotonic() >= self._retry_s:
            self.try_disk()
        try:
            return operation(self._store)
        except OutboxError as error:
            if not self.is_on_disk:
                raise
            self._leave_disk(error)
            return operation(self._store)

    def take_ids(self, count: int) -> int:
        """Return the first of `count` new ids."""
        first = max(self._next_id, self._store.max_id + 1)
        self._next_id = first + count
        return first

    def take_seq(self, device_id: str) -> int:
        """Return the next `seq` of a device. It is not given again, even if its event is lost."""
        seq = self.next_seq(device_id)
        self._next_seqs[device_id] = seq + 1
        return seq

    def next_seq(self, device_id: str) -> int:
        """Return the `seq` that `take_seq` will return."""
        return self._next_seqs.get(device_id, self._next_seqs.get(_OTHERS, 0))

    def try_disk(self) -> None:
        """Move the events from memory to the file, if it can be used again."""
        if self.path is None or self.is_on_disk:
            return
        try:
            self._attach(self.path)
        except OutboxError as error:
            self._wait(error)

    def unsaved(self) -> int:
        """Return how many events are in memory only, although there is a path."""
        if self.path is None or self.is_on_disk:
            return 0
        records = self._store.contents(is_trusted=True).records
        return sum(record.id not in self._known_ids for record in records)

    def count_dropped(self, phases: Sequence[str]) -> None:
        """Count and log events that were dropped because the store was full."""
        for phase in phases:
            self.dropped += 1
            _log.warning(
                "outbox full, event dropped", extra={"phase": phase, "dropped": self.dropped}
            )

    def close(self) -> None:
        """Close the file."""
        self._is_closed = True
        self._store.close()

    def _open(self, path: Path) -> None:
        if path.is_file() and not path.stat().st_size:  # nobody knows what was in it
            self._next_seqs[_OTHERS] = int(time.time())
        try:
            self._attach(path)
        except (OutboxInUseError, WrongFileError):
            self._store.close()
            raise
        except OutboxError as error:
            contents = read_file(path)
            if not contents.is_complete:
                self._next_id = time.time_ns() // 1000  # not the ids of events in the file
                self._skip_seqs(contents)
            self._adopt(contents)
            self._wait(error)

    def _attach(self, path: Path) -> None:
        """Use the file from now on, with what is in memory added to it."""
        memory = self._store
        try:
            disk = self._open_disk(path)
        except DamagedFileError as error:
            self._replace_damaged(path, error)
            disk = self._open_disk(path)
        memory.close()
        self._store, self.problem = disk, ""
        self._known_ids, self._known_smiles, self._unread = set(), set(), 0
        self._knows_seqs = True
        self._attached_s = time.monotonic()

    def _open_disk(self, path: Path) -> EventStore:
        disk = EventStore(path, self._max_bytes)
        try:
            contents = self._store.contents(is_trusted=True)
            contents.next_seqs = self._next_seqs
            dropped = disk.merge(contents, self._known_ids, self._known_smiles)
            self._learn_seqs(disk.next_seqs())
        except OutboxError:
            disk.close()
            raise
        self.count_dropped(dropped)
        if self.problem:
            saved = {"path": str(path), "events": len(contents.records)}
            _log.info("outbox on disk again", extra=saved)
        return disk

    def _replace_damaged(self, path: Path, error: OutboxError) -> None:
        """Take what can be read of a damaged file into memory, and rename the file."""
        contents = read_file(path)
        self._skip_seqs(contents)
        salvaged = self._adopt(contents)
        target = rename_damaged(path)
        lost = max(self._unread - salvaged, contents.unreadable)
        self.lost += lost
        self._known_ids, self._known_smiles, self._unread = set(), set(), 0
        fields = {"error": str(error), "renamed_to": str(target)}
        _log.error("outbox damaged, renamed", extra=fields | {"salvaged": salvaged, "lost": lost})

    def _leave_disk(self, error: OutboxError) -> None:
        """Continue in memory with what the file has."""
        disk = self._store
        contents = disk.contents(is_trusted=not isinstance(error, DamagedFileError))
        self._unread = disk.count - len(contents.records)
        disk.close()
        self._store = EventStore(None, self._max_bytes)
        self._adopt(contents)
        if time.monotonic() - self._attached_s >= _STABLE_S:
            self._backoff.reset()
        self._wait(error)

    def _adopt(self, contents: Contents) -> int:
        """Add to memory what it does not have yet; return how many events."""
        new = [record for record in contents.records if record.id not in self._known_ids]
        smiles = contents.ongoing.items()
        ongoing = {key: smile for key, smile in smiles if key not in self._known_smiles}
        self.count_dropped(self._store.merge(Contents(new, ongoing)))
        self._known_ids.update(record.id for record in new)
        self._known_smiles.update(ongoing)
        self._learn_seqs(contents.next_seqs)
        return len(new)

    def _learn_seqs(self, next_seqs: Mapping[str, int]) -> None:
        for device_id, next_seq in next_seqs.items():
            self._next_seqs[device_id] = max(self._next_seqs.get(device_id, 0), next_seq)

    def _skip_seqs(self, contents: Contents) -> None:
        """Continue above what may have been used: gaps are better than repeated numbers.

        A device of which nothing can be read continues at the Unix time in seconds: fewer events
        than seconds have passed since 1970.
        """
        if not self._knows_seqs:
            for device_id in contents.next_seqs:
                contents.next_seqs[device_id] += _SEQ_GAP
            contents.next_seqs[_OTHERS] = int(time.time())

    def _wait(self, error: OutboxError) -> None:
        wait_s = self._backoff.next_s()
        self._retry_s = time.monotonic() + wait_s
        self.problem = str(error)
        _log.error(
            "outbox in memory", extra={"error": self.problem, "retry_in_s": round(wait_s, 2)}
        )
