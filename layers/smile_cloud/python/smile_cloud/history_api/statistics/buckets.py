"""The local hours or days that cover a range of time.

Each starts where the one before ends. A day has 23 or 25 hours when the clocks change, and there is
none for a date that a zone has skipped, such as 2011-12-30 in Samoa.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from smile_cloud.rollups import QUARTER

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

HOUR: Final = "hour"
DAY: Final = "day"
PERIODS: Final = (HOUR, DAY)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One hour or day: ``start <= started_at < end``.

    Attributes
    ----------
    start, end : datetime
        In the time zone of the request.
    """

    start: datetime
    end: datetime


def buckets(start: datetime, end: datetime, per: str, time_zone: str) -> tuple[Bucket, ...]:
    """Return the hours or days that have a moment in a range, oldest first; at least one.

    Parameters
    ----------
    start, end : datetime
        UTC, whole milliseconds; ``start <= end``.
    per : str
        ``hour`` or ``day``.
    time_zone : str
        Name in the IANA database.
    """
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - most cold starts need no time zone

    zone = ZoneInfo(time_zone)
    last = max(start, end - timedelta(milliseconds=1))
    starts = list((_hours if per == HOUR else _days)(start, last, zone))
    local = [at.astimezone(zone) for at in starts]
    return tuple(map(Bucket, local, local[1:]))


def _days(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield when each day from that of `first` to that after `last` starts, UTC."""
    day = first.astimezone(zone).date()
    before = None
    while True:
        at = datetime.combine(day, time(), zone).astimezone(UTC)
        if at != before:
            yield at
        if at > last:
            return
        day, before = day + timedelta(days=1), at


def _hours(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield when each hour from that of `first` to that after `last` starts, UTC.

    A change of the clocks starts another hour, because the same one may come twice.
    """
    at = _quarter_of(first)
    name = _hour_name(at, zone)
    while _hour_name(at - QUARTER, zone) == name:
        at -= QUARTER
    yield at
    while at <= last:
        while _hour_name(at, zone) == name:
            at += QUARTER
        name = _hour_name(at, zone)
        yield at


def _quarter_of(at: datetime) -> datetime:
    return at - (at - datetime.min.replace(tzinfo=UTC)) % QUARTER


def _hour_name(at: datetime, zone: ZoneInfo) -> tuple[object, ...]:
    local = at.astimezone(zone)
    return local.date(), local.hour, local.utcoffset()
