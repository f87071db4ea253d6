"""The requests of the API, parsed strictly: every invalid parameter is reported at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smile_cloud.http.parameters import Parameters
from smile_contract import format_time

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 500  # an event has at most 2 KB of JSON, and a Lambda response at most 6 MB
PARAMETERS: Final = ("device", "from", "to", "limit", "cursor")


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
        read = Parameters(parameters, PARAMETERS)
        device_id = read.device()
        start, end = read.time_range()
        limit = read.whole_number("limit", 1, MAX_LIMIT)
        read.check()
        query = HistoryQuery(device_id, start, end)
        return cls(query, DEFAULT_LIMIT if limit is None else limit, read.text("cursor"))


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
        read = Parameters({}, ())
        read.path_device(device_id)
        event_id = read.path_event(event_id)
        read.check()
        return cls(device_id, event_id)
