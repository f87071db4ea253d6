"""Answer ``GET /v1/stats``: add up the counts of quarters of an hour by local hours or days."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from smile_cloud.counts import VERDICTS, Counts
from smile_cloud.history_api.settings import HistoryApiSettings
from smile_cloud.history_api.statistics.hourly_counts import HourlyCounts
from smile_cloud.history_api.statistics.request import GetStatistics


class StatisticsService:
    """Answers requests for counts.

    Parameters
    ----------
    hourly : HourlyCounts
    clock : callable
        Returns the current time, UTC.
    """

    def __init__(
        self, hourly: HourlyCounts, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._hourly = hourly
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: HistoryApiSettings) -> StatisticsService:
        """Return the service with the AWS client of this execution environment."""
        # The OpenAPI document needs no AWS, so a cold start for it does not import botocore.
        from smile_cloud import clients  # noqa: PLC0415

        return cls(HourlyCounts(clients.dynamodb(), settings.table_name))

    def answer(self, parameters: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Return the document that answers a request, given all values of each parameter.

        Raises
        ------
        QueryError
            Names every parameter that is unknown, repeated or invalid.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed.
        """
        now = self._clock()
        request = GetStatistics.parse(parameters, now)
        sums = self._sums(request, now)
        return {
            "device": request.device_id,
            "from": _text(request.buckets[0].start),
            "to": _text(request.buckets[-1].end),
            "per": request.per,
            "time_zone": request.time_zone,
            "total": _view(sum(sums, Counts())),
            "buckets": [
                {"start": _text(bucket.start), "end": _text(bucket.end), **_view(counts)}
                for bucket, counts in zip(request.buckets, sums, strict=True)
            ],
        }

    def _sums(self, request: GetStatistics, now: datetime) -> list[Counts]:
        """Return the counts of each bucket."""
        starts = [bucket.start.astimezone(UTC) for bucket in request.buckets]
        end = request.buckets[-1].end.astimezone(UTC)
        sums = [Counts()] * len(starts)
        last = end - timedelta(milliseconds=1)
        for start, counts in self._hourly.quarters(request.device_id, starts[0], last, now):
            if starts[0] <= start < end:
                index = bisect_right(starts, start) - 1
                sums[index] += counts
        return sums


def _view(counts: Counts) -> dict[str, Any]:
    """Return the counts as the API shows them."""
    values = counts.as_dict()
    mean_ms = round(counts.duration_ms / counts.ended) if counts.ended else None
    return {
        "events": counts.events,
        "ended": counts.ended,
        "mean_duration_ms": mean_ms,
        "feedback": {verdict: values[verdict] for verdict in VERDICTS},
    }


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
