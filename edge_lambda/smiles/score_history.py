"""A smile's scores over its time, in bounded memory however long it lasts."""

from __future__ import annotations

from dataclasses import dataclass

_MAX_BINS = 256


@dataclass(slots=True)
class _Bin:
    until_ms: float
    total: float
    weight: float
    samples: int = 1

    def take(self, other: _Bin) -> None:
        self.until_ms = other.until_ms
        self.total += other.total
        self.weight += other.weight
        self.samples += other.samples


class ScoreHistory:
    """Weighted scores in bins of equally many samples; when too many, bins merge in pairs."""

    def __init__(self) -> None:
        self._bins: list[_Bin] = []
        self._samples_per_bin = 1

    def add(self, at_ms: float, score: float, weight: float) -> None:
        """Add a sample that stands for `weight` ms of time."""
        sample = _Bin(at_ms, score * weight, weight)
        if self._bins and self._bins[-1].samples < self._samples_per_bin:
            self._bins[-1].take(sample)
            return
        if len(self._bins) >= _MAX_BINS:
            for kept, merged in zip(self._bins[::2], self._bins[1::2], strict=True):
                kept.take(merged)
            del self._bins[1::2]
            self._samples_per_bin *= 2
        self._bins.append(sample)

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
        latest = next((_mean(group) for group in groups if group), 0.0)
        means: list[float] = []
        for group in groups:  # a span without a frame: the score before it still stands
            latest = _mean(group) if group else latest
            means.append(latest)
        return means

    def _until(self, until_ms: float) -> list[_Bin]:
        return [b for b in self._bins if b.until_ms <= until_ms] or self._bins[:1]


def _mean(bins: list[_Bin]) -> float:
    weight = sum(b.weight for b in bins)
    return sum(b.total for b in bins) / weight if weight > 0 else 0.0
