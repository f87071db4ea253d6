"""What was erased of a device, so that late messages do not store it again.

A message may wait in a camera or a queue for weeks. If its smile started in an erased range, the
functions drop it: every range lies in the past when someone asks for it, so no smile that is still
to come starts in it. When a whole device was erased, they drop its earlier status messages too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from smile_cloud.batches import Key
from smile_cloud.errors import SmileCloudError
from smile_cloud.keys import ERASURE_SK, device_pk

# A range is two numbers of 13 digits: the item stays below 4 KB, which is one unit to read.
MAX_RANGES: Final = 100
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class TooManyRangesError(SmileCloudError):
    """A device would have more separate erased ranges than its item may hold."""


@dataclass(frozen=True, slots=True)
class Erased:
    """The erased ranges of a device.

    Attributes
    ----------
    ranges : tuple of (int, int)
        In order and separate; ``start <= started_at < end``, in milliseconds since 1970.
    version : int
        Counts the changes of the item; 0 when it does not exist.
    expires_at : int
        When DynamoDB deletes the item, in seconds since 1970.
    device_until : int
        Everything about the device from before this time was erased, in milliseconds since 1970; 0
        when only ranges were.
    """

    ranges: tuple[tuple[int, int], ...] = ()
    version: int = 0
    expires_at: int = 0
    device_until: int = 0

    @classmethod
    def from_item(cls, item: Mapping[str, Any] | None) -> Erased:
        """Return what a stored item says, nothing when there is none.

        An expired item still counts: DynamoDB deletes it when nothing can arrive any more that it
        would hold back.
        """
        if item is None:
            return cls()
        ranges = tuple((start, end) for start, end in item["ranges"])
        return cls(ranges, item["version"], item["expires_at"], item.get("device_until", 0))

    def covers(self, started_at: datetime) -> bool:
        """Return whether a smile that started then was erased."""
        at = _milliseconds(started_at)
        return any(start <= at < end for start, end in self.ranges)

    def covers_device(self, at: datetime) -> bool:
        """Return whether the whole device was erased after `at`."""
        return _milliseconds(at) < self.device_until

    def with_range(
        self, start: datetime, end: datetime, expires_at: int, *, is_device: bool = False
    ) -> Erased:
        """Return what is erased once the range is too, remembered at least until `expires_at`.

        Parameters
        ----------
        start, end : datetime
        expires_at : int
        is_device : bool
            Whether everything about the device is erased up to `end`.

        Raises
        ------
        TooManyRangesError
            When more than 100 separate ranges result.
        """
        joined: list[tuple[int, int]] = []
        added = (_milliseconds(start), _milliseconds(end))
        for low, high in sorted([*self.ranges, added]):
            if joined and low <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], high))
            else:
                joined.append((low, high))
        if len(joined) > MAX_RANGES:
            raise TooManyRangesError(f"expected at most {MAX_RANGES} separate ranges")
        device_until = max(self.device_until, added[1]) if is_device else self.device_until
        expires_at = max(self.expires_at, expires_at)
        return Erased(tuple(joined), self.version + 1, expires_at, device_until)

    def item(self, device_id: str) -> dict[str, Any]:
        """Return the item to store."""
        pk, sk = erased_key(device_id)
        return {
            "pk": pk,
            "sk": sk,
            "ranges": self.ranges,
            "version": self.version,
            "expires_at": self.expires_at,
            "device_until": self.device_until,
        }


def erased_key(device_id: str) -> Key:
    """Return the key of the item that says what was erased of a device."""
    return device_pk(device_id), ERASURE_SK


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND
