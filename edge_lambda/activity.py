"""What a run sees, in counts: they tell an empty room from a camera that does not work."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from edge_lambda.camera import FrameSource
from edge_lambda.frame_rate import FrameRate
from smile_contract import format_time

_log = logging.getLogger(__name__)
_PERIOD_S = 60.0
# The largest track.max_missed_ms: no face that is unseen for longer keeps its number.
_FORGET_MS = 60_000.0
_DECIMALS = 4


@dataclass(slots=True)
class LoopCounts:
    """Counts of a run.

    Attributes
    ----------
    frames : int
        All that were processed.
    failed_frames : int
    paused_frames : int
        Those of them that came while the device was paused.
    ignored_frames : int
        Those that came while the zones ignored the whole picture.
    scene_cuts : int
    """

    frames: int = 0
    failed_frames: int = 0
    paused_frames: int = 0
    ignored_frames: int = 0
    scene_cuts: int = 0


@dataclass(slots=True)
class Sightings:
    """The faces of a run, or of one minute of it.

    Attributes
    ----------
    faces : int
        Identities: a face that returns after its track was lost counts again.
    scored_faces : int
        Those of them with a smile score.
    most_faces_at_once : int
    frames_with_face : int
    best_smile_score : float or None
        Largest score of a face in a single frame.
    best_smile_ms : float or None
        Position of that frame.
    bad_views : dict
        How many views of faces could not be scored, by reason.
    """

    faces: int = 0
    scored_faces: int = 0
    most_faces_at_once: int = 0
    frames_with_face: int = 0
    best_smile_score: float | None = None
    best_smile_ms: float | None = None
    bad_views: dict[str, int] = field(default_factory=dict)

    def add_frame(
        self, at_ms: float, faces: int, best_score: float, problems: Iterable[str]
    ) -> None:
        """Count a frame with at least one face; `best_score` is -inf without a score."""
        for problem in problems:
            self.bad_views[problem] = self.bad_views.get(problem, 0) + 1
        self.frames_with_face += 1
        self.most_faces_at_once = max(self.most_faces_at_once, faces)
        best_before = -math.inf if self.best_smile_score is None else self.best_smile_score
        if best_score > best_before:
            self.best_smile_score, self.best_smile_ms = best_score, at_ms


@dataclass(slots=True)
class _Identities:
    """Counts distinct ids, in a run and in its current minute, and forgets old ones."""

    in_run: int = 0
    _last_ms: dict[int, float] = field(default_factory=dict)
    _period_start_ms: float = -math.inf

    def add(self, track_id: int, at_ms: float) -> None:
        self.in_run += track_id not in self._last_ms
        self._last_ms[track_id] = at_ms

    @property
    def in_period(self) -> int:
        return sum(at_ms > self._period_start_ms for at_ms in self._last_ms.values())

    def start_period(self, now_ms: float) -> None:
        self._period_start_ms = now_ms
        self._last_ms = {i: ms for i, ms in self._last_ms.items() if now_ms - ms <= _FORGET_MS}


class Activity:
    """Counts the faces and frames of a run, and logs them once a minute.

    Parameters
    ----------
    source : FrameSource
    published : callable
        Returns how many events have been published.

    Attributes
    ----------
    counts : LoopCounts
        The loop updates it.
    """

    def __init__(self, source: FrameSource, published: Callable[[], int] = lambda: 0) -> None:
        self.counts = LoopCounts()
        self._source = source
        self._published = published
        self._rate = FrameRate()
        self._seen, self._scored = _Identities(), _Identities()
        self._run, self._period = Sightings(), Sightings()
        self._last_ms = 0.0
        self._started_s = self._period_started_s = time.monotonic()
        self._ended_s: float | None = None
        self._published_before = published()
        self._totals_before = self._totals()

    @property
    def frame_rate(self) -> float | None:
        """Frames per second of the loop in the last seconds; None before the second frame."""
        return self._rate.per_s

    @property
    def events(self) -> int:
        """Events published since the start of the run."""
        return self._published() - self._published_before

    def tick(self, is_frame: bool) -> None:
        """Count a frame, or a wait without one. Once a minute, log what the minute brought."""
        now_s = time.monotonic()
        if now_s - self._period_started_s >= _PERIOD_S:
            self._log_period(now_s)
        if is_frame:
            self._rate.tick(now_s)

    def note(self, at_ms: float, scores: Mapping[int, float], problems: Sequence[str] = ()) -> None:
        """Count the faces of a frame.

        Parameters
        ----------
        at_ms : float
            Position of the frame.
        scores : mapping of int to float
            Smile score of each visible face, by track id. NaN for a face that cannot be scored.
        problems : sequence of str
            Why faces cannot be scored.
        """
        self._last_ms = at_ms
        if not scores:
            return
        best = -math.inf
        for track_id, score in scores.items():
            self._seen.add(track_id, at_ms)
            if not math.isnan(score):
                self._scored.add(track_id, at_ms)
                best = max(best, score)
        for sightings in (self._run, self._period):
            sightings.add_frame(at_ms, len(scores), best, problems)

    def sightings(self) -> Sightings:
        """Return the faces of the run so far."""
        self._run.faces, self._run.scored_faces = self._seen.in_run, self._scored.in_run
        return self._run

    def summary(self) -> dict[str, object]:
        """Return the log fields of the whole run."""
        ended_s = time.monotonic() if self._ended_s is None else self._ended_s
        elapsed_s = ended_s - self._started_s
        return self._fields(self._totals(), self.sightings(), elapsed_s) | {
            "scene_cuts": self.counts.scene_cuts,
            "is_truncated": self._source.is_truncated,
        }

    def close(self) -> None:
        """End the run: stop its clock, and warn of damage that no line has reported yet."""
        self._ended_s = time.monotonic()
        self._warn_of_damage(self._since_last_period())

    def _log_period(self, now_s: float) -> None:
        changes, elapsed_s = self._since_last_period(), now_s - self._period_started_s
        self._period.faces = self._seen.in_period
        self._period.scored_faces = self._scored.in_period
        _log.info("activity", extra=self._fields(changes, self._period, elapsed_s))
        self._warn_of_damage(changes)
        self._period, self._period_started_s = Sightings(), now_s
        self._totals_before = self._totals()
        for identities in (self._seen, self._scored):
            identities.start_period(self._last_ms)

    def _fields(
        self, totals: Mapping[str, int], sightings: Sightings, elapsed_s: float
    ) -> dict[str, object]:
        fields: dict[str, object] = asdict(sightings)
        score, at_ms = sightings.best_smile_score, sightings.best_smile_ms
        if score is not None and at_ms is not None:
            fields["best_smile_score"] = round(score, _DECIMALS)
            fields["best_smile_ms"] = round(at_ms)
            fields["best_smile_at"] = format_time(self._source.time_at(at_ms))
        rate = round(totals["frames"] / elapsed_s, 1) if elapsed_s > 0 else None
        return {**totals, "duration_s": round(elapsed_s, 1), "frame_rate": rate, **fields}

    def _totals(self) -> dict[str, int]:
        return {
            "frames": self.counts.frames,
            "failed_frames": self.counts.failed_frames,
            "paused_frames": self.counts.paused_frames,
            "ignored_frames": self.counts.ignored_frames,
            "skipped_frames": self._source.skipped_frames,
            "damaged_frames": self._source.damaged_frames,
            "events": self.events,
        }

    def _since_last_period(self) -> dict[str, int]:
        return {key: value - self._totals_before[key] for key, value in self._totals().items()}

    @staticmethod
    def _warn_of_damage(changes: Mapping[str, int]) -> None:
        damaged = changes["damaged_frames"]
        if damaged:
            of = damaged + changes["frames"] + changes["skipped_frames"]
            _log.warning("frames are damaged", extra={"damaged_frames": damaged, "of_frames": of})
