"""The requests of the API, parsed strictly: every invalid parameter is reported at once."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smile_cloud.http.errors import ParameterProblem, QueryError
from smile_cloud.http.parameters import DEVICE_EXPECTED, device_problems, unknown_problems
from smile_cloud.rfc3339 import parse_rfc3339
from smile_contract import format_time, is_device_id

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 500  # an event has at most 2 KB of JSON, and a Lambda response at most 6 MB
PARAMETERS: Final = ("device", "from", "to", "limit", "cursor")

_TIME_EXPECTED: Final = (
    "expected an RFC 3339 time with its offset, such as 2026-11-22T17:33:00Z "
    "or 2026-11-22T18:33:00.250+01:00 (write + as %2B in a URL)"
)
_UUID_VERSION: Final = 7


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """The events to list, newest first.

    Attributes
    ----------
    device_id : str or None
        None means all devices.
    start, end : datetime or None
        ``start <= started_at < end``, UTC; None means no limit on that side.
    """

    device_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    def fingerprint(self) -> bytes:
        """Return a text that only equal queries share."""
        times = (format_time(at) if at is not None else "" for at in (self.start, self.end))
        return "\n".join((self.device_id or "", *times)).encode()


@dataclass(frozen=True, slots=True)
class ListEvents:
    """``GET /v1/events``: one page of a query.

    Attributes
    ----------
    query : HistoryQuery
    limit : int
        Largest number of events in the page, 1 to 500.
    cursor : str or None
        ``next_cursor`` of the previous page.
    """

    query: HistoryQuery
    limit: int
    cursor: str | None

    @classmethod
    def parse(cls, parameters: Mapping[str, Sequence[str]]) -> ListEvents:
        """Return the request in the query string of the URL.

        Parameters
        ----------
        parameters : Mapping
            All values of each parameter, unescaped.

        Raises
        ------
        QueryError
            Names every parameter that is unknown, repeated or invalid.
        """
        problems = unknown_problems(parameters, PARAMETERS)
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
        return cls(HistoryQuery(device_id, start, end), limit, values.get("cursor"))


@dataclass(frozen=True, slots=True)
class GetEvent:
    """``GET /v1/devices/{device}/events/{event_id}``: one event.

    Attributes
    ----------
    device_id : str
    event_id : str
        UUIDv7 in lower case.
    """

    device_id: str
    event_id: str

    @classmethod
    def parse(cls, device_id: str, event_id: str) -> GetEvent:
        """Return the request in the path of the URL, unescaped.

        Raises
        ------
        QueryError
            Names each id that is invalid.
        """
        event_id = event_id.lower()
        problems = device_problems(device_id)
        if not _is_uuid7(event_id):
            detail = "expected a UUIDv7, such as an event_id of GET /v1/events."
            problems.append(ParameterProblem("event_id", detail))
        if problems:
            raise QueryError(problems)
        return cls(device_id, event_id)


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


def _is_uuid7(text: str) -> bool:
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return False
    return parsed.version == _UUID_VERSION and str(parsed) == text
