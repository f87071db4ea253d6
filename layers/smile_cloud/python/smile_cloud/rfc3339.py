"""Parse the times of requests: RFC 3339 with any offset, as people and programs write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from smile_contract import LATEST_TIME

# https://www.rfc-editor.org/rfc/rfc3339#section-5.6
_DATE_TIME: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LEAP_SECOND: Final = 60
_MICROSECONDS: Final = 6


def parse_rfc3339(text: str) -> datetime:
    """Return the time in UTC, rounded up to whole milliseconds.

    Event times are whole milliseconds, so rounding up keeps "at or after" and "before" exact. A
    space before the offset counts as ``+``, because that is what an unescaped ``+`` in a URL
    becomes. A time that no event can have becomes the nearest one that an event can have.

    Raises
    ------
    ValueError
        When `text` is not an RFC 3339 date and time with an offset.
    """
    match = _DATE_TIME.fullmatch(re.sub(r" (?=\d{2}:\d{2}$)", "+", text))
    if match is None:
        raise ValueError("not an RFC 3339 date-time")
    date, minute, second, fraction, offset = match.groups()
    leap = int(second) == _LEAP_SECOND
    local = datetime.fromisoformat(f"{date}T{minute}:{59 if leap else second}")
    microseconds = int((fraction or "0")[:_MICROSECONDS].ljust(_MICROSECONDS, "0"))
    if (fraction or "")[_MICROSECONDS:].strip("0"):
        microseconds += 1
    milliseconds = -(-microseconds // 1000)
    try:
        at = (local - _offset(offset)).replace(tzinfo=UTC)
        at += timedelta(seconds=int(leap), milliseconds=milliseconds)
    except OverflowError:  # the offset leads out of the years 1 to 9999
        return _EPOCH if local < datetime(5000, 1, 1) else LATEST_TIME
    return min(max(at, _EPOCH), LATEST_TIME)


def _offset(text: str) -> timedelta:
    if text in "Zz":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 - RFC 3339, time-hour and time-minute
        raise ValueError("offset out of range")
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if text[0] == "-" else offset
