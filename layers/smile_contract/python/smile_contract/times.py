"""Times in messages: UTC, ISO 8601, milliseconds, ``Z``. Each instant has exactly one spelling."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from smile_contract.errors import ContractError, describe

LATEST_UNIX_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, the last year of `datetime` and ISO 8601."""
LATEST_TIME = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
"""The same instant as a `datetime`."""
_WIRE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z", re.ASCII)


def truncate_to_ms(at: datetime, field: str = "time") -> datetime:
    """Return `at` in UTC, cut to whole milliseconds.

    Raises
    ------
    ContractError
        When `at` has no time zone. The error names `field`.
    """
    if at.tzinfo is None:
        raise ContractError(field, "expected a time with a time zone, got one without")
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def format_time(at: datetime) -> str:
    """Return `at` as ``2026-11-22T17:33:00.123Z``."""
    return truncate_to_ms(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: object, field: str = "time") -> datetime:
    """Return the instant that :func:`format_time` wrote as `text`.

    Raises
    ------
    ContractError
        When `text` is anything but a UTC time with milliseconds and ``Z``. The error names `field`.
    """
    expected = "expected a UTC time such as 2026-11-22T17:33:00.123Z"
    if not isinstance(text, str) or _WIRE_TIME.fullmatch(text) is None:
        raise ContractError(field, f"{expected}, got {describe(text)}")
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ContractError(field, f"{expected}, got {text!r}: {error}") from None
    if at.year < 1970:  # noqa: PLR2004 - the epoch; ids cannot name an earlier instant
        raise ContractError(field, f"{expected} of 1970 or later, got {text!r}")
    return at
