"""One smile: its samples, when it started and ended, and what is reported of it.

Start and end rest on the raw scores, so smoothing does not delay them. Each is where the
cumulative sum of (score - middle of the thresholds) turns: the change-point estimate of the
CUSUM test (Page, "Continuous inspection schemes", Biometrika 41, 1954).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from smile_contract.episodes.score_history import ScoreHistory
from smile_contract.smile_event import MAX_SCORE_HISTORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Smile:
    """A smile as it is reported at its start or its end.

    Attributes
    ----------
    phase : {"started", "ended"}
    start_ms, end_ms : float
        When the smile started, and when it ended or, while it lasts, the latest smiling moment.
    peak_score, mean_score : float
        Largest smoothed score and mean raw score between the two.
    score_history : tuple of float
        At most 32 raw scores, each the mean over an equal share of the time.
    """

    phase: Literal["started", "ended"]
    start_ms: float
    end_ms: float
    peak_score: float
    mean_score: float
    score_history: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """The score of one frame.

    Attributes
    ----------
    at_ms : float
        Time of the frame.
    since_ms : float
        Half way back to the previous sample: where a change between the two is dated.
    score : float
    weight_ms : float
        The time that the sample stands for.
    excess : float
        ``(score - middle of the thresholds) * weight_ms``.
    """

    at_ms: float
    since_ms: float
    score: float
    weight_ms: float
    excess: float


class OngoingSmile:
    """A smile that has started and not ended.

    Parameters
    ----------
    run : sequence of Sample
        The samples since its start, at least one.
    peak : float
        Largest smoothed score so far.

    Attributes
    ----------
    start_ms : float
    high_ms, end_ms : float
        Time of the latest smiling sample, and the moment right after it. "Latest smiling" is
        where the sum of the excess since the start, or since the latest `resume`, is largest.
    is_reported : bool
        Whether ``started`` has been reported.
    is_fading : bool
        Whether the smoothed score has fallen below the lower threshold.
    """

    def __init__(self, run: Sequence[Sample], peak: float) -> None:
        self.start_ms = run[0].since_ms
        self.is_reported = False
        self.is_fading = False
        self._peak = peak
        self._history = ScoreHistory()
        for sample in run:
            self._history.add(sample.at_ms, sample.score, sample.weight_ms)
        self.high_ms = self.end_ms = self.start_ms
        self.resume(run)

    def add(self, sample: Sample, smoothed: float) -> None:
        """Add the next sample and the smoothed score after it."""
        self._peak = max(self._peak, smoothed)
        self._history.add(sample.at_ms, sample.score, sample.weight_ms)
        self._sum_up(sample)

    def resume(self, run: Sequence[Sample]) -> None:
        """Restart the sum with `run`, the samples since the person smiles again."""
        self._total, self._best = 0.0, -math.inf
        self._is_high = False
        for sample in run:
            self._sum_up(sample)

    def report(self, phase: Literal["started", "ended"]) -> Smile:
        """Return the smile up to `end_ms`."""
        mean = self._history.mean(self.end_ms)
        history = self._history.resampled(self.start_ms, self.end_ms, MAX_SCORE_HISTORY)
        return Smile(
            phase=phase,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            peak_score=max(self._peak, mean),
            mean_score=mean,
            score_history=tuple(history),
        )

    def _sum_up(self, sample: Sample) -> None:
        self._total += sample.excess
        if self._total >= self._best:
            self._best, self._is_high = self._total, True
            self.high_ms = self.end_ms = sample.at_ms
        elif self._is_high:
            self._is_high = False
            if sample.since_ms < sample.at_ms:
                self.end_ms = sample.since_ms


def turning_point(run: Sequence[Sample]) -> int:
    """Return the index from which on the sum of the excess is largest."""
    total, best, turn = 0.0, -math.inf, len(run) - 1
    for index in range(len(run) - 1, -1, -1):
        total += run[index].excess
        if total > best:
            best, turn = total, index
    return turn
