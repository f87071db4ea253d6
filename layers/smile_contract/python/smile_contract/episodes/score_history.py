"""The scores of a smile over time, in bounded memory however long it lasts."""

from __future__ import annotations

from dataclasses import dataclass

_MAX_BINS = 256


@dataclass(slots=True)
class _Bin:
    until_ms: float
    total: float
    weight: float
    samples: int = 1

    def merge(self, later: _Bin) -> None:
        self.until_ms = later.until_ms
        self.total += later.total
        self.weight += later.weight
        self.samples += later.samples


class ScoreHistory:
    """Weighted scores, in bins of equally many samples; full, it merges the bins in pairs."""

    def __init__(self) -> None:
        self._bins: list[_Bin] = []
        self._samples_per_bin = 1

    def add(self, at_ms: float, score: float, weight: float) -> None:
        """Add a sample that stands for `weight` ms."""
        sample = _Bin(at_ms, score * weight, weight)
        if self._bins and self._bins[-1].samples < self._samples_per_bin:
            self._bins[-1].merge(sample)
            return
        if len(self._bins) >= _MAX_BINS:
            for kept, merged in zip(self._bins[::2], self._bins[1::2], strict=True):
                kept.merge(merged)
            del self._bins[1::2]
            self._samples_per_bin *= 2
        self._bins.append(sample)

    def mean(self, until_ms: float) -> float:
        """Return the time-weighted mean score up to `until_ms`."""
        return _mean(self._until(until_ms))

    def resampled(self, start_ms: float, until_ms: float, max_count: int) -> list[float]:
        """Return the mean scores of at most `max_count` equal time spans, oldest first."""
        bins = self._until(until_ms)
        count = min(max_count, len(bins))
        span_ms = max(until_ms - start_ms, 1e-9) / count
        spans: list[list[_Bin]] = [[] for _ in range(count)]
        for item in bins:
            index = int((item.until_ms - start_ms) / span_ms)
            spans[min(index, count - 1)].append(item)
        latest = next(_mean(span) for span in spans if span)
        means: list[float] = []
        for span in spans:  # a span without a sample repeats the score before it
            latest = _mean(span) if span else latest
            means.append(latest)
        return means

    def _until(self, until_ms: float) -> list[_Bin]:
        return [b for b in self._bins if b.until_ms <= until_ms] or self._bins[:1]


def _mean(bins: list[_Bin]) -> float:
    return sum(b.total for b in bins) / sum(b.weight for b in bins)
