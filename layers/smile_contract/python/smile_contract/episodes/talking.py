"""Tell talking from smiling: lower the score of an open mouth, and more so of one that talks.

The classifier sees single pictures, and some pictures of a talking mouth look like a smile. In a
video they are far more frequent than in the photos that calibrate the score. Two facts of the
video correct that. An open mouth needs a higher score than closed lips. And a face that had short
bursts of high scores lately talks with its teeth in sight: it needs a still higher score.
"""

from __future__ import annotations

import math
from collections import deque

from smile_contract.episodes.smoothing import ExponentialSmoother

__all__ = ["TalkCorrection"]

OPEN_MOUTH = 1.2
"""Logits that the score of an open mouth loses. On twelve clips of talking people, 1.0 to 1.4
leaves 2 faults, 0.8 leaves 3, 1.6 leaves 4, and no correction 7: docs/decisions/14-talking.md."""
BURST = 0.4
"""Logits that it loses for each burst after the first one. From 0.3 to 0.6 the faults are the same;
without, there are 4."""
MAX_BURSTS = 2.0
"""Logits that it loses for bursts at most: a person who talks can still be seen to laugh."""
BURST_MS = 450.0
"""A higher score for a shorter time is a burst: a syllable, not a smile."""
MEMORY_MS = 5000.0
"""Bursts count for this long."""

_OPENNESS_MS = 150.0  # time constant: lips that meet between two syllables do not close the mouth


class TalkCorrection:
    """Corrects the smile scores of one face for talking."""

    def __init__(self) -> None:
        self._openness = ExponentialSmoother(_OPENNESS_MS)
        self._bursts: deque[float] = deque()
        self._above_since_ms: float | None = None

    def corrected(self, at_ms: float, score: float, mouth_openness: float) -> float:
        """Return the score that decides whether the face smiles.

        Parameters
        ----------
        at_ms : float
            Time of the frame, later than that of the previous one.
        score : float
            Smile score of the classifier, 0 to 1.
        mouth_openness : float
            Probability that the mouth is open; limited to 0 to 1. NaN counts as closed.

        Returns
        -------
        float
            At most `score`; equal to it for closed lips.
        """
        openness = self._openness.update(at_ms, min(max(0.0, mouth_openness), 1.0))
        self._note(at_ms, is_above=score > 0.5)  # noqa: PLR2004 - more likely a smile than not
        loss = OPEN_MOUTH + min(BURST * max(len(self._bursts) - 1, 0), MAX_BURSTS)
        # The score whose logit is lower by the loss, also for scores of 0 and 1.
        return score / (score + (1 - score) * math.exp(loss * openness))

    def _note(self, at_ms: float, *, is_above: bool) -> None:
        """Remember a burst when the score falls again."""
        if is_above and self._above_since_ms is None:
            self._above_since_ms = at_ms
        elif not is_above and self._above_since_ms is not None:
            if at_ms - self._above_since_ms < BURST_MS:
                self._bursts.append(at_ms)
            self._above_since_ms = None
        while self._bursts and at_ms - self._bursts[0] >= MEMORY_MS:
            self._bursts.popleft()
