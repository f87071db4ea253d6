"""The parameters of ``GET /v1/events``: small, strict, and explained when wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smile_cloud.errors import ParameterProblem, QueryError
from smile_cloud.history_api.rfc3339 import parse_rfc3339
from smile_contract import format_time, is_device_id

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 500  # an event is at most about 2 KB of JSON; an answer may be 6 MB
MAX_UNKNOWN_NAMED: Final = 10  # of the unknown parameters in one answer
PARAMETERS: Final = ("device", "from", "to", "limit", "cursor")

DEVICE_EXPECTED: Final = "expected 1 to 128 of the characters a-z A-Z 0-9 : _ -"
_TIME_EXPECTED: Final = (
    "expected an RFC 3339 time with its offset, such as 2026-11-22T17:33:00Z "
    "or 2026-11-22T18:33:00.250+01:00 (write + as %2B in a URL)"
)


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which events are asked for, newest first.

    Attributes
    ----------
    device_id : str or None
        None means all devices.
    start, end : datetime or None
        ``start <= started_at < end``, UTC; None leaves that side open.
    """

    device_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    def fingerprint(self) -> bytes:
        """Return what makes this query this one; two queries share it only when equal."""
        times = (format_time(at) if at is not None else "" for at in (self.start, self.end))
        return "\n".join((self.device_id or "", *times)).encode()


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """A query, and the page of it that is asked for.

    Attributes
    ----------
    query : HistoryQuery
    limit : int
        At most so many events, 1 to 500.
    cursor : str or None
        ``next_cursor`` of the page before.
    """

    query: HistoryQuery
    limit: int
    cursor: str | None


def parse_history_request(parameters: Mapping[str, Sequence[str]]) -> HistoryRequest:
    """Return the request that the URL's query string describes.

    Parameters
    ----------
    parameters : Mapping
        Every value of every parameter, unescaped.

    Raises
    ------
    QueryError
        Names every parameter that is unknown, given twice or unusable.
    """
    problems = [
        ParameterProblem(name[:40], f"unknown parameter, expected {', '.join(PARAMETERS)}.")
        for name in sorted(set(parameters) - set(PARAMETERS))[:MAX_UNKNOWN_NAMED]
    ]
    values: dict[str, str] = {}
    for name in PARAMETERS:
        given = parameters.get(name, ())
        if len(given) > 1:
            problems.append(ParameterProblem(name, "given more than once, give it once."))
        elif given:
            values[name] = given[0]
    device_id = _device(values.get("device"), problems)
    start = _time("from", values.get("from"), problems)
    end = _time("to", values.get("to"), problems)
    limit = _limit(values.get("limit"), problems)
    if start is not None and end is not None and start > end:
        problems.append(ParameterProblem("to", "expected a time that is not before from."))
    if problems:
        raise QueryError(problems)
    return HistoryRequest(HistoryQuery(device_id, start, end), limit, values.get("cursor"))


def _device(text: str | None, problems: list[ParameterProblem]) -> str | None:
    if text is not None and not is_device_id(text):
        problems.append(
            ParameterProblem("device", f"{DEVICE_EXPECTED}; leave it out for all devices.")
        )
    return text


def _time(name: str, text: str | None, problems: list[ParameterProblem]) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_rfc3339(text)
    except ValueError:
        problems.append(ParameterProblem(name, f"{_TIME_EXPECTED}."))
        return None


def _limit(text: str | None, problems: list[ParameterProblem]) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if re.fullmatch(r"[0-9]{1,6}", text) is None or not 1 <= int(text) <= MAX_LIMIT:
        problems.append(
            ParameterProblem("limit", f"expected a whole number from 1 to {MAX_LIMIT}.")
        )
        return DEFAULT_LIMIT
    return int(text)
