"""What was erased of a device, so that late messages do not store it again.

A message may wait in a camera or a queue for weeks. If its smile started in an erased range, the
functions drop it: every range lies in the past when someone asks for it, so no smile that is still
to come starts in it.
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
    """

    ranges: tuple[tuple[int, int], ...] = ()
    version: int = 0
    expires_at: int = 0

    @classmethod
    def from_item(cls, item: Mapping[str, Any] | None) -> Erased:
        """Return what a stored item says, nothing when there is none.

        An expired item still counts: DynamoDB deletes it when nothing can arrive any more that it
        would hold back.
        """
        if item is None:
            return cls()
        ranges = tuple((start, end) for start, end in item["ranges"])
        return cls(ranges, item["version"], item["expires_at"])

    def covers(self, started_at: datetime) -> bool:
        """Return whether a smile that started then was erased."""
        at = (started_at - _EPOCH) // _MILLISECOND
        return any(start <= at < end for start, end in self.ranges)

    def with_range(self, start: datetime, end: datetime, expires_at: int) -> Erased:
        """Return what is erased once the range is too, remembered at least until `expires_at`.

        Raises
        ------
        TooManyRangesError
            When more than 100 separate ranges result.
        """
        joined: list[tuple[int, int]] = []
        added = ((start - _EPOCH) // _MILLISECOND, (end - _EPOCH) // _MILLISECOND)
        for low, high in sorted([*self.ranges, added]):
            if joined and low <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], high))
            else:
                joined.append((low, high))
        if len(joined) > MAX_RANGES:
            raise TooManyRangesError(f"expected at most {MAX_RANGES} separate ranges")
        return Erased(tuple(joined), self.version + 1, max(self.expires_at, expires_at))

    def item(self, device_id: str) -> dict[str, Any]:
        """Return the item to store."""
        pk, sk = erased_key(device_id)
        return {
            "pk": pk,
            "sk": sk,
            "ranges": self.ranges,
            "version": self.version,
            "expires_at": self.expires_at,
        }


def erased_key(device_id: str) -> Key:
    """Return the key of the item that says what was erased of a device."""
    return device_pk(device_id), ERASURE_SK
