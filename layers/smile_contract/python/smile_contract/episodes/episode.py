"""Decide from one face's smile scores when a smile starts and ends.

The decision rests on the smoothed score and two thresholds, so short outliers do not matter.
When a smile is dated, samples weigh as much as the time they stand for, so the frame rate does
not matter.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from smile_contract.episodes.smile import OngoingSmile, Sample, Smile, turning_point
from smile_contract.episodes.smoothing import ExponentialSmoother
from smile_contract.episodes.talking import TalkCorrection

_FIRST_SAMPLE_MS = 40.0
# A sample after a longer pause (a missed face, a slow camera) stands for no more than this.
_MAX_SAMPLE_MS = 250.0
# Between samples no further apart, a change is dated half way; the error is at most half of it.
_MAX_BRIDGE_MS = 1000.0


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
        Smiles shorter than this are ignored.
    max_gap_ms : float
        A break shorter than this does not end a smile.
    max_duration_ms : float
        A smile that lasts longer ends, and goes on as another one: printed faces never stop.
    correct_talking : bool
        Lower the scores of open and talking mouths: see `TalkCorrection`.
    """

    threshold_on: float
    threshold_off: float
    smoothing_ms: float = 200.0
    min_duration_ms: float = 500.0
    max_gap_ms: float = 250.0
    max_duration_ms: float = 3_600_000.0
    correct_talking: bool = True


class EpisodeDetector:
    """Detect the smiles of one face.

    Parameters
    ----------
    rules : EpisodeRules
    """

    def __init__(self, rules: EpisodeRules) -> None:
        self._rules = rules
        self._middle = (rules.threshold_on + rules.threshold_off) / 2
        self._talk = TalkCorrection() if rules.correct_talking else None
        self._smoother = ExponentialSmoother(rules.smoothing_ms)
        self._lookback_ms = 4 * rules.smoothing_ms  # the smoothed score has followed 98 % by then
        # The smoothed score needs a while to show that a break was short.
        self._patience_ms = rules.max_gap_ms + 2 * rules.smoothing_ms
        self._recent: deque[Sample] = deque()
        self._ongoing: OngoingSmile | None = None

    @property
    def smoothed_score(self) -> float:
        """The latest smoothed score, which the decision rests on; 0 before the first."""
        return self._smoother.value or 0.0

    @property
    def rules(self) -> EpisodeRules:
        """The rules it was made with."""
        return self._rules

    @property
    def is_smiling(self) -> bool:
        """Whether a smile is going on, reported or not."""
        return self._ongoing is not None

    def so_far(self) -> Smile | None:
        """Return the state of the reported smile that is going on, None without one."""
        ongoing = self._ongoing
        return ongoing.report("started") if ongoing is not None and ongoing.is_reported else None

    def update(self, at_ms: float, score: float, mouth_openness: float = 0.0) -> list[Smile]:
        """Add the score of one frame.

        Parameters
        ----------
        at_ms : float
            Time of the frame; a frame that is not later than the previous one is ignored.
        score : float
            Smile score of the classifier, 0 to 1; a score that is not finite is ignored.
        mouth_openness : float
            Probability that the mouth is open, 0 to 1; NaN counts as closed.

        Returns
        -------
        list of Smile
            The smiles that start or end now; usually empty.
        """
        last = self._recent[-1] if self._recent else None
        if not math.isfinite(score) or (last is not None and at_ms <= last.at_ms):
            return []
        limited = min(max(score, 0.0), 1.0)
        if self._talk is not None:
            limited = self._talk.corrected(at_ms, limited, mouth_openness)
        sample = self._sample(at_ms, limited, last)
        was_high = self.smoothed_score >= self._rules.threshold_on
        smoothed = self._smoother.update(at_ms, sample.score)
        is_high = smoothed >= self._rules.threshold_on
        self._remember(sample)
        ended: list[Smile] = []
        if self._ongoing is not None and self._is_too_long(self._ongoing, at_ms):
            ended = self._split(self._ongoing, smoothed)
        elif self._ongoing is not None:
            self._ongoing.add(sample, smoothed)
            if is_high and not was_high:
                ended = self._resume(self._ongoing, smoothed)
            elif smoothed < self._rules.threshold_off:
                self._ongoing.is_fading = True
        elif is_high:
            self._begin(smoothed)
        return ended + self._report(at_ms)

    def pause(self, at_ms: float) -> list[Smile]:
        """Let time pass without a usable score; a smile that is not seen any more ends.

        Returns
        -------
        list of Smile
            The smile that ends now; usually empty.
        """
        if self._ongoing is not None and at_ms - self._ongoing.high_ms > self._patience_ms:
            return self._end(self._ongoing)
        return []

    def close(self) -> list[Smile]:
        """End the ongoing smile: the face is lost or the video is over."""
        return self._end(self._ongoing) if self._ongoing is not None else []

    def _sample(self, at_ms: float, score: float, last: Sample | None) -> Sample:
        elapsed_ms = _FIRST_SAMPLE_MS if last is None else at_ms - last.at_ms
        is_adjacent = last is not None and elapsed_ms <= _MAX_BRIDGE_MS
        weight_ms = min(elapsed_ms, _MAX_SAMPLE_MS)
        since_ms = at_ms - elapsed_ms / 2 if is_adjacent else at_ms
        return Sample(at_ms, since_ms, score, weight_ms, (score - self._middle) * weight_ms)

    def _remember(self, sample: Sample) -> None:
        self._recent.append(sample)
        keep_ms = self._lookback_ms + 2 * self._rules.max_gap_ms
        while self._recent[0].at_ms < sample.at_ms - keep_ms:
            self._recent.popleft()

    def _begin(self, smoothed: float) -> None:
        """Start a smile, dated back to where the person began to smile."""
        oldest_ms = self._recent[-1].at_ms - self._lookback_ms
        run = [sample for sample in self._recent if sample.at_ms >= oldest_ms]
        self._ongoing = OngoingSmile(run[turning_point(run) :], smoothed)

    def _resume(self, ongoing: OngoingSmile, smoothed: float) -> list[Smile]:
        """Continue the smile after a break; after too long a break, start another one."""
        run = [sample for sample in self._recent if sample.at_ms > ongoing.high_ms]
        run = run[turning_point(run) :]
        if run and ongoing.is_fading and run[0].at_ms - ongoing.high_ms > self._rules.max_gap_ms:
            ended = self._end(ongoing)
            self._begin(smoothed)
            return ended
        ongoing.is_fading = False
        if run:
            ongoing.resume(run)
        return []

    def _is_too_long(self, ongoing: OngoingSmile, at_ms: float) -> bool:
        return at_ms - ongoing.start_ms > self._rules.max_duration_ms

    def _limit(self, ongoing: OngoingSmile) -> None:
        """Date the end within the longest smile; scores may cross a threshold just after it."""
        ongoing.end_ms = min(ongoing.end_ms, ongoing.start_ms + self._rules.max_duration_ms)

    def _split(self, ongoing: OngoingSmile, smoothed: float) -> list[Smile]:
        """End the smile; if the person still smiles, another one starts."""
        lower = self._rules.threshold_on if ongoing.is_fading else self._rules.threshold_off
        ended = self._end(ongoing)
        if smoothed >= lower:
            self._begin(smoothed)
        return ended

    def _report(self, now_ms: float) -> list[Smile]:
        ongoing = self._ongoing
        if ongoing is None:
            return []
        self._limit(ongoing)
        if ongoing.is_fading and now_ms - ongoing.high_ms > self._patience_ms:
            return self._end(ongoing)
        is_too_short = ongoing.high_ms - ongoing.start_ms < self._rules.min_duration_ms
        if ongoing.is_reported or is_too_short:
            return []
        ongoing.is_reported = True
        return [ongoing.report("started")]

    def _end(self, ongoing: OngoingSmile) -> list[Smile]:
        self._ongoing = None
        self._limit(ongoing)
        while self._recent and self._recent[0].at_ms <= ongoing.high_ms:
            self._recent.popleft()  # the next smile cannot start before this one ended
        return [ongoing.report("ended")] if ongoing.is_reported else []
