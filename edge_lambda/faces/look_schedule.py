"""Which of the followed faces get a closer look in a frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edge_lambda.faces.budget import CpuBudget
from edge_lambda.faces.track import Track

# A face waits for its next look until its predicted place may be wrong by this share of its width.
_MAX_DRIFT = 0.05
_MIN_WAIT_MS = 40.0
_MAX_WAIT_MS = 320.0
# While the score is this near to the middle, a smile may start or end: such a face waits less.
_UNDECIDED = 0.35
_UNDECIDED_WAIT_MS = 80.0
# A face that is missed is looked for in every frame at first, then less often.
_HIDDEN_MS = 300.0
_MISSED_WAIT_MS = 120.0
_AT_ONCE_MS = 1.0
# A face whose smile is decided is scored in every second frame of most cameras, others in each.
_DECIDED_SCORE_GAP_MS = 60.0
_MS_PER_LOOK = 20.0  # of video: limits the looks in one frame, so that no frame takes long
# Even without budget, a face that has waited this long gets a look, at most one face per gap.
_STARVING_MS = 400.0
_STARVING_GAP_MS = 40.0


class LookSchedule:
    """Orders the closer looks by urgency, within the budget.

    Parameters
    ----------
    budget : CpuBudget
    """

    def __init__(self, budget: CpuBudget) -> None:
        self._budget = budget
        self._starved_ms = -math.inf

    def due(self, tracks: Sequence[Track], now_ms: float, frame_ms: float) -> list[Track]:
        """Return the faces to look at in a frame, the most urgent first.

        Parameters
        ----------
        tracks : sequence of Track
        now_ms, frame_ms : float
            Time of the frame, and since the frame before.
        """
        if self._budget.is_spent:
            return self._starving(tracks, now_ms)
        urgencies = [(now_ms - track.looked_ms) / wait_ms(track) for track in tracks]
        waiting = [
            (-urgency, track.id, track)
            for urgency, track in zip(urgencies, tracks, strict=True)
            if urgency >= 1
        ]
        most = max(math.ceil(frame_ms / _MS_PER_LOOK), 1)
        return [track for _, _, track in sorted(waiting)[:most]]

    def _starving(self, tracks: Sequence[Track], now_ms: float) -> list[Track]:
        """Return the face that has waited longest, if it has waited too long."""
        longest = min(tracks, key=lambda track: (track.looked_ms, track.id), default=None)
        if (
            longest is None
            or now_ms - longest.looked_ms < _STARVING_MS
            or now_ms - self._starved_ms < _STARVING_GAP_MS
        ):
            return []
        self._starved_ms = now_ms
        return [longest]


def wait_ms(track: Track) -> float:
    """Return how long a face may wait after its last look."""
    if track.misses:
        return _AT_ONCE_MS if track.missing_ms < _HIDDEN_MS else _MISSED_WAIT_MS
    if not track.is_confirmed:
        return _AT_ONCE_MS
    longest_ms = _UNDECIDED_WAIT_MS if _is_undecided(track) else _MAX_WAIT_MS
    steady_ms = _MAX_DRIFT / track.drift if track.drift > 0 else longest_ms
    return min(max(steady_ms, _MIN_WAIT_MS), longest_ms)


def must_score(track: Track, now_ms: float) -> bool:
    """Return whether a face in view needs a smile score in this frame."""
    if math.isnan(track.smile_score) or _is_undecided(track):
        return True
    return now_ms - track.scored_ms >= _DECIDED_SCORE_GAP_MS


def _is_undecided(track: Track) -> bool:
    return abs(track.smile_score - 0.5) < _UNDECIDED
