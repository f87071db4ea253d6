"""Count the events of a device by their numbers: received, repeated, late, missing.

Numbers may arrive in any order. As long as the gaps fit into the list, the result is that of the
set of the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from smile_cloud.sequence.arrival import Arrival, Numbered

MAX_GAPS: Final = 32
"""Gaps that are listed. With these and the keys, the item has about 1 KB at most."""
MAX_KEYS: Final = 32
"""Messages that are recognised when SQS delivers them again."""
LATE: Final = timedelta(minutes=1)
"""An event that arrives longer than this after the device made it was kept on the device."""
# A repeated event is never newer than the newest one, except when the clock of the device is set.
_RESET: Final = timedelta(minutes=1)

Gap = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """The numbers of a device since its count began.

    Attributes
    ----------
    first, last : int or None
        Smallest and largest number that has arrived.
    begun_at, newest_at : datetime or None
        When the device made the first and the newest of these events.
    received : int
        Events that have arrived, each counted once; also those before a reset.
    duplicates : int
        Events that the device has sent again.
    late : int
        Events that arrived more than a minute after the device made them.
    gaps : tuple of (int, int)
        The missing numbers between `first` and `last`, first and last of each gap.
    untracked : int
        Missing numbers of gaps that are not in the list any more: there were too many, or the
        count began again.
    tracked_from : int
        Gaps below this number are not in the list.
    resets : int
        How often the count began again: the device was installed again, or its outbox deleted.
    reset_at : datetime or None
        When the device made the first event after the last reset.
    keys : tuple of str
        The latest messages.
    """

    first: int | None = None
    last: int | None = None
    begun_at: datetime | None = None
    newest_at: datetime | None = None
    received: int = 0
    duplicates: int = 0
    late: int = 0
    gaps: tuple[Gap, ...] = ()
    untracked: int = 0
    tracked_from: int = 0
    resets: int = 0
    reset_at: datetime | None = None
    keys: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """How many numbers are missing."""
        return _size(self.gaps) + self.untracked

    def add(self, arrival: Arrival) -> Sequence:
        """Return the sequence with one more message; the same if SQS delivered it before."""
        if arrival.key in self.keys:
            return self
        found = self
        for event in arrival.events:
            before = found.duplicates
            found = found._with(event)
            is_late = arrival.received_at - event.at > LATE and found.duplicates == before
            found = replace(found, late=found.late + is_late)
        return replace(found, keys=(arrival.key, *self.keys)[:MAX_KEYS])

    def _with(self, event: Numbered) -> Sequence:
        seq, at = event
        first, last, newest_at = self.first, self.last, self.newest_at
        if first is None or last is None or newest_at is None or self.begun_at is None:
            return replace(self, received=1, first=seq, last=seq, begun_at=at, newest_at=at)
        if self.resets and seq > last and at < self.begun_at:
            return replace(self, received=self.received + 1)  # from before the reset
        if seq < self.tracked_from:
            return replace(self, received=self.received + 1)
        is_known = first <= seq <= last and not any(low <= seq <= high for low, high in self.gaps)
        if (is_known or seq < first) and at > newest_at + _RESET:
            return self._reset(event)
        if is_known:
            return replace(self, duplicates=self.duplicates + 1)
        return replace(
            self,
            first=min(first, seq),
            last=max(last, seq),
            begun_at=min(self.begun_at, at),
            newest_at=max(newest_at, at),
            received=self.received + 1,
            gaps=_without(seq, first, last, self.gaps),
        )._bounded()

    def _reset(self, event: Numbered) -> Sequence:
        """Begin the count again: a number that has arrived is used for a newer event."""
        return replace(
            self,
            first=event.seq,
            last=event.seq,
            begun_at=event.at,
            newest_at=event.at,
            reset_at=event.at,
            received=self.received + 1,
            gaps=(),
            untracked=self.missing,
            tracked_from=0,
            resets=self.resets + 1,
        )

    def _bounded(self) -> Sequence:
        """Return the sequence without its lowest gaps when there are too many."""
        dropped, kept = self.gaps[:-MAX_GAPS], self.gaps[-MAX_GAPS:]
        if not dropped:
            return self
        return replace(
            self,
            gaps=kept,
            untracked=self.untracked + _size(dropped),
            tracked_from=dropped[-1][1] + 1,
        )


def _without(seq: int, first: int, last: int, gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
    """Return the gaps after the arrival of a number that was missing or is out of the range."""
    if seq > last:
        return (*gaps, (last + 1, seq - 1)) if seq > last + 1 else gaps
    if seq < first:
        return ((seq + 1, first - 1), *gaps) if seq < first - 1 else gaps
    found: list[Gap] = []
    for low, high in gaps:
        if not low <= seq <= high:
            found.append((low, high))
            continue
        found += [gap for gap in ((low, seq - 1), (seq + 1, high)) if gap[0] <= gap[1]]
    return tuple(found)


def _size(gaps: tuple[Gap, ...]) -> int:
    return sum(high - low + 1 for low, high in gaps)
