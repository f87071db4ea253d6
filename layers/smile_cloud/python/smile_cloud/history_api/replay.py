"""Decide about a stored smile again, with other thresholds.

An event holds at most 32 scores, each the mean over an equal share of its time. The rules of the
device run on them once more. ``docs/decisions/21-replay.md`` says how exact that is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from smile_contract.episodes.episode import EpisodeDetector, EpisodeRules

TOLERANCE_MS: Final = 300
"""A smaller difference of the duration may come from the replay: nine of ten errors are smaller.
In a long smile, so may one that is smaller than the time of one score."""

# A sample stands for at most 250 ms in the rules, so a longer share is fed in steps.
_STEP_MS: Final = 200.0
# Bounds the work for a long smile. Its steps then weigh alike, only its dates are coarser.
_MAX_STEPS: Final = 8


class Outcome(StrEnum):
    """What other thresholds make of a smile."""

    STAYS = "stays"
    CHANGES = "changes"
    VANISHES = "vanishes"


@dataclass(frozen=True, slots=True)
class Replay:
    """A smile and what would have been reported instead.

    Attributes
    ----------
    outcome : Outcome
    duration_ms : int
        What the event says, of all smiles that would have been reported together; 0 without one.
    smiles : int
        How many would have been reported.
    """

    outcome: Outcome
    duration_ms: int
    smiles: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Thresholds to try.

    Attributes
    ----------
    threshold_on, threshold_off : float
        Scores at which a smile starts, and below which it ends; off is less than on.
    min_duration_ms : int
        Smiles shorter than this are ignored.
    """

    threshold_on: float
    threshold_off: float
    min_duration_ms: int

    def replay(self, event: Mapping[str, Any]) -> Replay | None:
        """Return what becomes of an event; None when it has not ended or has no scores."""
        history, duration_ms = event["score_history"], event["duration_ms"]
        if event["phase"] != "ended" or not history:
            return None
        if self._is_no_stricter(event):
            return Replay(Outcome.STAYS, duration_ms, 1)
        if event["peak_score"] < self.threshold_on:  # of all frames, so this is exact
            return Replay(Outcome.VANISHES, 0, 0)
        smiles = self._detect(history, duration_ms)
        replayed_ms = round(sum(end_ms - start_ms for start_ms, end_ms in smiles))
        if not smiles:
            return Replay(Outcome.VANISHES, 0, 0)
        tolerance_ms = max(TOLERANCE_MS, duration_ms / len(history))
        if len(smiles) == 1 and abs(replayed_ms - duration_ms) <= tolerance_ms:
            return Replay(Outcome.STAYS, duration_ms, 1)
        return Replay(Outcome.CHANGES, replayed_ms, len(smiles))

    def _is_no_stricter(self, event: Mapping[str, Any]) -> bool:
        """Return whether the smile is found for certain, perhaps as a longer one."""
        model = event["model"]
        return bool(
            self.threshold_on <= model["threshold_on"]
            and self.threshold_off <= model["threshold_off"]
            and self.min_duration_ms <= event["duration_ms"]
        )

    def _detect(self, history: list[float], duration_ms: int) -> list[tuple[float, float]]:
        """Return start and end of the smiles that the rules find, in ms since the start."""
        detector = EpisodeDetector(
            EpisodeRules(
                threshold_on=self.threshold_on,
                threshold_off=self.threshold_off,
                min_duration_ms=self.min_duration_ms,
                correct_talking=False,  # the stored scores are corrected already
            )
        )
        share_ms = duration_ms / len(history)
        steps = min(max(1, math.ceil(share_ms / _STEP_MS)), _MAX_STEPS)
        step_ms = max(share_ms / steps, 1e-3)
        # Before its start the face did not smile, so the smoothed score rises from there.
        found = detector.update(-step_ms, 0.0)
        for number in range(len(history) * steps):
            found += detector.update((number + 1) * step_ms, history[number // steps])
        found += detector.close()
        return [(smile.start_ms, smile.end_ms) for smile in found if smile.phase == "ended"]
