"""Turn one face's smile scores into smiles that start and end at the right moments.

The decision rests on the smoothed score and two thresholds, so that it is calm; the moments
rest on the raw scores, so that smoothing does not delay them. A moment is where the cumulative
sum of (score - middle of the thresholds) turned: the change-point estimate of the CUSUM test
(Page, "Continuous inspection schemes", Biometrika 41, 1954). Samples weigh as much as the time
they stand for, so the frame rate does not matter.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

from edge_lambda.smiles.score_history import ScoreHistory
from edge_lambda.smiles.smoothing import ExponentialSmoother
from smile_contract import MAX_SCORE_HISTORY

_FIRST_SAMPLE_MS = 40.0
# A sample after a longer pause (a missed face, a slow camera) stands for no more than this.
_MAX_SAMPLE_MS = 250.0
# A change between samples no further apart lies half way; the error is half of it at most.
_MAX_BRIDGE_MS = 1000.0
_SPARE_MS = 1000.0  # remembered beyond what the rules need, for slow cameras


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeRules:
    """When a smile counts.

    Attributes
    ----------
    threshold_on, threshold_off : float
        Smoothed score at which a smile starts, and below which it ends; 0 to 1, off < on.
    smoothing_ms : float
        Time constant of the smoothing.
    min_duration_ms : float
        Shorter smiles are not told.
    max_gap_ms : float
        A shorter break does not end a smile.
    """

    threshold_on: float
    threshold_off: float
    smoothing_ms: float = 250.0
    min_duration_ms: float = 500.0
    max_gap_ms: float = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Smile:
    """What is known of a smile when it is told.

    Attributes
    ----------
    phase : {"started", "ended"}
    start_ms, end_ms : float
        When it started, and until when it lasted so far or ended.
    peak_score, mean_score : float
        Largest smoothed score and mean raw score in that time.
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
class _Sample:
    at_ms: float
    since_ms: float  # half way back to the sample before: where a change between them lies
    score: float
    weight_ms: float
    excess: float  # (score - middle) * weight


class _Ongoing:
    """A smile that goes on, told or not yet.

    Attributes
    ----------
    high_ms, end_ms : float
        Time of the last smiling sample so far, and the moment right after it: where the sum of
        the excess since the start, or since smiling was resumed, is largest.
    """

    def __init__(self, run: list[_Sample], peak: float) -> None:
        self.start_ms = run[0].since_ms
        self.peak = peak
        self.is_told = False
        self.is_fading = False
        self.history = ScoreHistory()
        for sample in run:
            self.history.add(sample.at_ms, sample.score, sample.weight_ms)
        self.high_ms = self.end_ms = self.start_ms
        self.resume(run)

    def add(self, sample: _Sample, smoothed: float) -> None:
        self.peak = max(self.peak, smoothed)
        self.history.add(sample.at_ms, sample.score, sample.weight_ms)
        self._sum_up(sample)

    def resume(self, run: list[_Sample]) -> None:
        """Sum up anew from the first of `run`, where smiling was taken up again."""
        self._total, self._best = 0.0, -math.inf
        self._is_high = False
        for sample in run:
            self._sum_up(sample)

    def _sum_up(self, sample: _Sample) -> None:
        self._total += sample.excess
        if self._total >= self._best:
            self._best, self._is_high = self._total, True
            self.high_ms = self.end_ms = sample.at_ms
        elif self._is_high:
            self._is_high = False
            if sample.since_ms < sample.at_ms:
                self.end_ms = sample.since_ms

    def describe(self, phase: Literal["started", "ended"], end_ms: float) -> Smile:
        mean = self.history.mean(end_ms)
        history = self.history.resampled(self.start_ms, end_ms, MAX_SCORE_HISTORY)
        return Smile(
            phase=phase,
            start_ms=self.start_ms,
            end_ms=end_ms,
            peak_score=max(self.peak, mean),
            mean_score=mean,
            score_history=tuple(history),
        )


class EpisodeDetector:
    """Follow the scores of one face.

    Parameters
    ----------
    rules : EpisodeRules
    """

    def __init__(self, rules: EpisodeRules) -> None:
        self._rules = rules
        self._middle = (rules.threshold_on + rules.threshold_off) / 2
        self._smoother = ExponentialSmoother(rules.smoothing_ms)
        self._lookback_ms = 4 * rules.smoothing_ms
        self._recent: deque[_Sample] = deque()
        self._ongoing: _Ongoing | None = None

    @property
    def smoothed_score(self) -> float:
        """The latest score that the decision rests on; 0 before the first."""
        return self._smoother.value or 0.0

    @property
    def is_smiling(self) -> bool:
        """Whether a smile goes on, told or not yet."""
        return self._ongoing is not None

    def update(self, at_ms: float, score: float) -> list[Smile]:
        """Take the score of one frame in.

        Parameters
        ----------
        at_ms : float
            Time of the frame; one that is not later than the last is left out.
        score : float
            Raw smile score, 0 to 1.

        Returns
        -------
        list of Smile
            What is to be told now: nothing, as a rule.
        """
        last = self._recent[-1] if self._recent else None
        if not math.isfinite(score) or (last is not None and at_ms <= last.at_ms):
            return []
        sample = self._sample(at_ms, min(max(score, 0.0), 1.0), last)
        was_high = self.smoothed_score >= self._rules.threshold_on
        smoothed = self._smoother.update(at_ms, sample.score)
        self._remember(sample)
        if self._ongoing is None:
            if smoothed >= self._rules.threshold_on:
                self._begin(smoothed)
        else:
            self._ongoing.add(sample, smoothed)
            if smoothed >= self._rules.threshold_on and not was_high:
                return self._resume(smoothed)
            self._ongoing.is_fading |= smoothed < self._rules.threshold_off
        return self._tell(at_ms)

    def close(self) -> list[Smile]:
        """End what goes on: the face is gone or the video is over."""
        ongoing, self._ongoing = self._ongoing, None
        if ongoing is None or not ongoing.is_told:
            return []
        return [ongoing.describe("ended", ongoing.end_ms)]

    def _sample(self, at_ms: float, score: float, last: _Sample | None) -> _Sample:
        elapsed_ms = _FIRST_SAMPLE_MS if last is None else at_ms - last.at_ms
        is_adjacent = last is not None and elapsed_ms <= _MAX_BRIDGE_MS
        weight_ms = min(elapsed_ms, _MAX_SAMPLE_MS)
        since_ms = at_ms - elapsed_ms / 2 if is_adjacent else at_ms
        return _Sample(at_ms, since_ms, score, weight_ms, (score - self._middle) * weight_ms)

    def _remember(self, sample: _Sample) -> None:
        self._recent.append(sample)
        keep_ms = self._lookback_ms + 2 * self._rules.max_gap_ms + _SPARE_MS
        while len(self._recent) > 1 and self._recent[0].at_ms < sample.at_ms - keep_ms:
            self._recent.popleft()

    def _begin(self, smoothed: float) -> None:
        """Open a smile at the turning point: where the sum of what follows is largest."""
        oldest_ms = self._recent[-1].at_ms - self._lookback_ms
        run = [sample for sample in self._recent if sample.at_ms >= oldest_ms]
        self._ongoing = _Ongoing(run[_turning_point(run) :], smoothed)

    def _resume(self, smoothed: float) -> list[Smile]:
        """Smiling again: after too long a break it is another smile."""
        now_ms = self._recent[-1].at_ms
        ongoing = self._ongoing
        if ongoing is None:
            return []
        after = [sample for sample in self._recent if sample.at_ms > ongoing.high_ms]
        if after:
            run = after[_turning_point(after) :]
            if ongoing.is_fading and run[0].at_ms - ongoing.high_ms > self._rules.max_gap_ms:
                told = self._end(ongoing)
                self._begin(smoothed)
                return told + self._tell(now_ms)
            ongoing.resume(run)
        ongoing.is_fading = False
        return self._tell(now_ms)

    def _tell(self, now_ms: float) -> list[Smile]:
        ongoing = self._ongoing
        if ongoing is None or (ongoing.is_told and not ongoing.is_fading):
            return []
        # The smoothed score needs a while to show that a break was short.
        patience_ms = self._rules.max_gap_ms + 2 * self._rules.smoothing_ms
        if ongoing.is_fading and now_ms - ongoing.high_ms > patience_ms:
            return self._end(ongoing)
        if ongoing.is_told or ongoing.high_ms - ongoing.start_ms < self._rules.min_duration_ms:
            return []
        ongoing.is_told = True
        return [ongoing.describe("started", ongoing.end_ms)]

    def _end(self, ongoing: _Ongoing) -> list[Smile]:
        self._ongoing = None
        while self._recent and self._recent[0].at_ms <= ongoing.high_ms:
            self._recent.popleft()  # the next smile cannot start before this one ended
        return [ongoing.describe("ended", ongoing.end_ms)] if ongoing.is_told else []


def _turning_point(run: list[_Sample]) -> int:
    """Return the index from which on the excess over the middle sums up to the most."""
    total, best, turn = 0.0, -math.inf, len(run) - 1
    for index in range(len(run) - 1, -1, -1):
        total += run[index].excess
        if total > best:
            best, turn = total, index
    return turn
