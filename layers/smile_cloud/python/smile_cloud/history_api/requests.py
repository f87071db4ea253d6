"""The requests of the API, parsed strictly: every invalid parameter is reported at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smile_cloud.history_api.query import HistoryQuery
from smile_cloud.http.parameters import Parameters

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 500  # an event has at most 2 KB of JSON, and a Lambda response at most 6 MB
PARAMETERS: Final = (
    "device",
    "from",
    "to",
    "min_score",
    "min_duration_ms",
    "in_progress",
    "order",
    "limit",
    "cursor",
)
REVIEW_PARAMETERS: Final = ("from", "to", "on", "off", "min_duration_ms")
DEFAULT_MIN_DURATION_MS: Final = 500  # the device's default of smile.min_duration_ms
ORDERS: Final = ("newest_first", "oldest_first")
MAX_DURATION_MS: Final = 86_400_000  # the longest smile that a device may report lasts a day


@dataclass(frozen=True, slots=True)
class ListEvents:
    """``GET /v1/events``: one page of a query.

    Attributes
    ----------
    query : HistoryQuery
    limit : int or None
        Largest number of events in the answer, 1 to 500; None is the default of its format.
    cursor : str or None
        ``next_cursor`` of the previous page.
    """

    query: HistoryQuery
    limit: int | None
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
        query = HistoryQuery(
            device_id,
            start,
            end,
            min_score=read.number("min_score", 0, 1),
            min_duration_ms=read.whole_number("min_duration_ms", 0, MAX_DURATION_MS),
            in_progress=read.flag("in_progress"),
            oldest_first=read.choice("order", ORDERS) == "oldest_first",
        )
        limit = read.whole_number("limit", 1, MAX_LIMIT)
        read.check()
        return cls(query, limit, read.text("cursor"))


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


@dataclass(frozen=True, slots=True)
class ReviewThresholds:
    """``GET /v1/devices/{device}/thresholds``: what other thresholds would have reported.

    Attributes
    ----------
    device_id : str
    start, end : datetime or None
        ``start <= started_at < end``, UTC; None means no limit on that side.
    threshold_on, threshold_off : float
        Thresholds to try, 0 to 1, off less than on.
    min_duration_ms : int
        Smiles shorter than this are ignored.
    """

    device_id: str
    start: datetime | None
    end: datetime | None
    threshold_on: float
    threshold_off: float
    min_duration_ms: int

    @classmethod
    def parse(cls, device_id: str, parameters: Mapping[str, Sequence[str]]) -> ReviewThresholds:
        """Return the request in the path, unescaped, and the query string of the URL.

        Raises
        ------
        QueryError
            Names every parameter that is unknown, repeated, missing or invalid.
        """
        read = Parameters(parameters, REVIEW_PARAMETERS)
        read.path_device(device_id)
        start, end = read.time_range()
        on, off = (read.number(name, 0, 1) for name in ("on", "off"))
        for name in ("on", "off"):
            if not parameters.get(name):
                read.refuse(name, "missing, expected a decimal number from 0 to 1, such as 0.75.")
        if on is not None and off is not None and off >= on:
            read.refuse("off", "expected less than on.")
        least = read.whole_number("min_duration_ms", 0, MAX_DURATION_MS)
        read.check()
        least = DEFAULT_MIN_DURATION_MS if least is None else least
        return cls(device_id, start, end, on or 0.0, off or 0.0, least)
