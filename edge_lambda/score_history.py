"""A smile's scores over its time, in bounded memory however long it lasts."""

from __future__ import annotations

from dataclasses import dataclass

_MAX_BINS = 256


@dataclass(slots=True)
class _Bin:
    until_ms: float
    total: float
    weight: float


class ScoreHistory:
    """Weighted scores in bins that merge in pairs when there are too many."""

    def __init__(self) -> None:
        self._bins: list[_Bin] = []

    def add(self, at_ms: float, score: float, weight: float) -> None:
        """Add a sample that stands for `weight` ms of time."""
        self._bins.append(_Bin(at_ms, score * weight, weight))
        if len(self._bins) >= _MAX_BINS:
            pairs = zip(self._bins[::2], self._bins[1::2], strict=True)
            self._bins = [
                _Bin(b.until_ms, a.total + b.total, a.weight + b.weight) for a, b in pairs
            ]

    def mean(self, until_ms: float) -> float:
        """Return the time-weighted mean score up to `until_ms`."""
        return _mean(self._until(until_ms))

    def resampled(self, start_ms: float, until_ms: float, most: int) -> list[float]:
        """Return at most `most` mean scores of equal spans of time, oldest first."""
        bins = self._until(until_ms)
        count = min(most, len(bins))
        span_ms = max(until_ms - start_ms, 1e-9) / max(count, 1)
        groups: list[list[_Bin]] = [[] for _ in range(count)]
        for item in bins:
            index = int((item.until_ms - start_ms) / span_ms)
            groups[min(max(index, 0), count - 1)].append(item)
        means: list[float] = []
        for group in groups:  # an empty span had no frame: the score before it still stands
            means.append(_mean(group) if group or not means else means[-1])
        return means

    def _until(self, until_ms: float) -> list[_Bin]:
        return [b for b in self._bins if b.until_ms <= until_ms] or self._bins[:1]


def _mean(bins: list[_Bin]) -> float:
    weight = sum(b.weight for b in bins)
    return sum(b.total for b in bins) / weight if weight > 0 else 0.0
