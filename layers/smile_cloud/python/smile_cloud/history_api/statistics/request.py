"""``GET /v1/stats``, parsed strictly: every invalid parameter is reported at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from smile_cloud.history_api.statistics.buckets import DAY, HOUR, PERIODS, Bucket, buckets
from smile_cloud.http.parameters import Parameters
from smile_cloud.time_zones import is_time_zone

PARAMETERS: Final = ("device", "from", "to", "per", "time_zone")
DEFAULT_PERIOD: Final = DAY
DEFAULT_TIME_ZONE: Final = "UTC"
DEFAULT_RANGE: Final = {DAY: timedelta(days=30), HOUR: timedelta(days=1)}
# A little more than a year of days, and than two months of hours: at most 1,490 entries, 400 KB.
MAX_RANGE: Final = {DAY: timedelta(days=400), HOUR: timedelta(days=62)}
# Since 1980, every zone is some quarters of an hour from UTC. Rules after 2100 are guesses.
_EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class GetStatistics:
    """The counts to return.

    Attributes
    ----------
    device_id : str or None
        None means all devices.
    per : str
        ``hour`` or ``day``.
    time_zone : str
        Name in the IANA database; decides when an hour or day starts.
    buckets : tuple of Bucket
        The hours or days, oldest first, without gaps; at least one.
    """

    device_id: str | None
    per: str
    time_zone: str
    buckets: tuple[Bucket, ...]

    @classmethod
    def parse(cls, given: Mapping[str, Sequence[str]], now: datetime) -> GetStatistics:
        """Return the request in the query string of the URL.

        Parameters
        ----------
        given : Mapping
            All values of each parameter, unescaped.
        now : datetime
            The end of the range if none is given.

        Raises
        ------
        QueryError
            Names every parameter that is unknown, repeated or invalid.
        """
        parameters = Parameters(given, PARAMETERS)
        device_id = parameters.device()
        per = parameters.choice("per", PERIODS) or DEFAULT_PERIOD
        named = parameters.text("time_zone")
        time_zone = DEFAULT_TIME_ZONE if named is None else named
        if not is_time_zone(time_zone):
            detail = "expected a name of the IANA time zone database, such as Europe/Berlin or UTC."
            parameters.refuse("time_zone", detail)
        start, end = _range(parameters, per, now)
        parameters.check()
        return cls(device_id, per, time_zone, buckets(start, end, per, time_zone))


def _range(parameters: Parameters, per: str, now: datetime) -> tuple[datetime, datetime]:
    start, end = parameters.time_range()
    for name, at in (("from", start), ("to", end)):
        if at is not None and not _EARLIEST <= at <= _LATEST:
            parameters.refuse(name, "expected a time from 1980 to 2099.")
            return now, now
    if end is None:
        end = now if start is None else max(now, start)
    if start is None:
        start = max(end - DEFAULT_RANGE[per], _EARLIEST)
    if end - start > MAX_RANGE[per]:
        detail = f"expected at most {MAX_RANGE[per].days} days after from, per {per}."
        parameters.refuse("to", detail)
    return start, end
