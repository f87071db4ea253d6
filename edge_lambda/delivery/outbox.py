"""A queue of events on disk: each stays until the broker has confirmed it."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from edge_lambda.delivery.event_store import EventStore
from edge_lambda.delivery.record import OutboxRecord
from edge_lambda.delivery.status import OutboxStatus
from edge_lambda.delivery.store_keeper import StoreKeeper
from smile_contract import SmileEvent, encode_message

_log = logging.getLogger(__name__)
_LIVE_S = 60.0
_DAY_S = 86_400.0


class Outbox:
    """A queue on disk, bounded by size; safe to use from several threads.

    While the file cannot be used, the events are in memory. Events that were in quarantine when
    the program started wait again; later ones do so once a day.

    Parameters
    ----------
    path : Path or None
        None keeps the queue in memory.
    max_bytes : int
        Total size of the payloads. Above it, the outbox drops quarantined events first, then the
        oldest ``started`` events, because their ``ended`` events repeat all they say, then the
        oldest events.

    Raises
    ------
    OutboxError
        When the path names something that never was an outbox, or another process uses it.
    """

    def __init__(self, path: Path | None, max_bytes: int = 64_000_000) -> None:
        self._lock = threading.RLock()
        self._refused = 0
        self._recent: dict[int, float] = {}
        self._keeper = StoreKeeper(path, max_bytes)
        self._release_s = time.monotonic() + _DAY_S
        self._release()

    @property
    def path(self) -> Path | None:
        """The path of the file, None without one."""
        return self._keeper.path

    def put(self, event: SmileEvent) -> OutboxRecord:
        """Store an event with the next `seq` of its device."""
        with self._lock:
            event = replace(event, seq=self._keeper.take_seq(event.device_id))
            payload, now_ms = encode_message([event]), time.time_ns() // 1_000_000
            record_id = self._keeper.take_ids(1)
            record = OutboxRecord(record_id, event.device_id, payload, event.phase, now_ms)
            next_seq = event.seq + 1
            self._keeper.count_dropped(
                self._keeper.run(lambda store: store.insert(record, event.event_id, next_seq))
            )
            self._recent[record.id] = time.monotonic()
            return record

    def next_seq(self, device_id: str) -> int:
        """Return the `seq` that the device's next event will have."""
        with self._lock:
            return self._keeper.next_seq(device_id)

    def next_live(self, excluded: Collection[int] = ()) -> OutboxRecord | None:
        """Return the oldest record of the last minute of this run that is not excluded."""
        with self._lock:
            self._forget_old()
            for record_id in [one for one in self._recent if one not in excluded]:
                record = self._get(record_id)
                if record is not None:
                    return record
                del self._recent[record_id]
            return None

    def backlog(self, record_id: int, limit: int) -> list[OutboxRecord]:
        """Return the oldest records after `record_id` that are not live, at most `limit`."""
        with self._lock:
            self._forget_old()
            if time.monotonic() >= self._release_s:
                self._release_s += _DAY_S
                self._release()
            records = self.after(record_id, limit + len(self._recent))
            return [record for record in records if record.id not in self._recent][:limit]

    def after(self, record_id: int, limit: int) -> list[OutboxRecord]:
        """Return the oldest records after `record_id`, at most `limit`."""
        with self._lock:
            return self._keeper.run(lambda store: store.after(record_id, limit))

    def delete(self, record_ids: Sequence[int]) -> None:
        """Delete delivered records; unknown ids are ignored."""
        with self._lock:
            self._keeper.run(lambda store: store.delete(record_ids))
            for record_id in record_ids:
                self._recent.pop(record_id, None)

    def quarantine(self, record_ids: Sequence[int], reason: str) -> None:
        """Put refused records into quarantine, so that they do not block the others."""
        self._quarantine(lambda store: store.refuse(record_ids, reason), reason)

    def quarantine_device(self, device_id: str, reason: str) -> None:
        """Put all waiting records of a device id into quarantine."""
        self._quarantine(lambda store: store.refuse_device(device_id, reason), reason)

    def count_refused(self, count: int) -> None:
        """Count refusals by the broker."""
        with self._lock:
            self._refused += count

    def note(self, smiles: Sequence[SmileEvent]) -> None:
        """Note the latest state of ongoing smiles, for `unfinished` after a crash."""
        states = {one.event_id: (one.device_id, encode_message([one])) for one in smiles}
        with self._lock:
            self._keeper.run(lambda store: store.note(states))

    def unfinished(self) -> list[SmileEvent]:
        """Return ``ended`` events for the smiles that an interrupted run left open.

        They end at the last moment that was published or noted. After a rename of the device they
        carry its old id. An unreadable smile is deleted.
        """
        ended = []
        with self._lock:
            for event_id, payload in self._keeper.run(lambda store: store.ongoing()).items():
                try:
                    ended.append(_ended(payload))
                except (ValueError, TypeError, OverflowError) as error:
                    _log.warning("unreadable smile deleted", extra={"error": str(error)})
                    self._forget_smile(event_id)
        return ended

    def save(self) -> int:
        """Try to move events from memory to the file; return how many only memory has."""
        with self._lock:
            self._keeper.try_disk()
            return self._keeper.unsaved()

    def status(self) -> OutboxStatus:
        """Return how many events wait, and where."""
        with self._lock:
            oldest_ms = self._keeper.run(lambda store: store.oldest_ms())
            age_s = None if oldest_ms is None else max(0.0, time.time() - oldest_ms / 1000)
            return OutboxStatus(
                waiting=len(self),
                oldest_age_s=age_s,
                dropped=self._keeper.dropped,
                lost=self._keeper.lost,
                quarantined=self._keeper.run(lambda store: store.quarantined),
                refused=self._refused,
                is_on_disk=self._keeper.is_on_disk,
                memory_reason=self._keeper.problem,
            )

    def __len__(self) -> int:
        with self._lock:
            return self._keeper.run(lambda store: store.count - store.quarantined)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._keeper.close()

    def _quarantine(self, refuse: Callable[[EventStore], int], reason: str) -> None:
        with self._lock:
            count = self._keeper.run(refuse)
            self._refused += count
            if count:
                _log.error("events refused, quarantined", extra={"events": count, "reason": reason})

    def _get(self, record_id: int) -> OutboxRecord | None:
        return self._keeper.run(lambda store: store.get(record_id))

    def _forget_smile(self, event_id: str) -> None:
        self._keeper.run(lambda store: store.forget(event_id))

    def _forget_old(self) -> None:
        oldest_s = time.monotonic() - _LIVE_S
        while self._recent and next(iter(self._recent.values())) < oldest_s:
            del self._recent[next(iter(self._recent))]

    def _release(self) -> None:
        count = self._keeper.run(lambda store: store.quarantined)
        if count:
            first_id = self._keeper.take_ids(count)
            self._keeper.run(lambda store: store.release(first_id))
            _log.info("quarantined events are tried again", extra={"events": count})


def _ended(payload: bytes) -> SmileEvent:
    """Return the ``ended`` event for the stored state of a smile."""
    event = SmileEvent.from_dict(json.loads(payload))
    ended_at = event.started_at + timedelta(milliseconds=event.duration_ms)
    return replace(event, phase="ended", ended_at=ended_at)
