"""The loop that joins the rooms: frame, faces, tracks, scores, episodes, events."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass

from edge_lambda.camera import Frame, FrameSource
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.errors import EdgeError
from edge_lambda.faces.scene_cut import SceneCutDetector
from edge_lambda.faces.tracker import Track, Tracker
from edge_lambda.faces.vision import Vision
from edge_lambda.smiles.episode import EpisodeDetector, EpisodeRules
from edge_lambda.smiles.event_maker import EventMaker
from edge_lambda.smiles.smile import Smile
from edge_lambda.stream.scene import FaceMark, Viewer

_log = logging.getLogger(__name__)
_PROGRESS_S = 0.5
_MAX_FAILURES_IN_A_ROW = 50


@dataclass(slots=True)
class LoopCounts:
    """What a run did."""

    frames: int = 0
    failed_frames: int = 0
    scene_cuts: int = 0


class EdgeLoop:
    """Watch one source until it ends or is closed.

    Parameters
    ----------
    source : FrameSource
    vision : Vision
    tracker : Tracker
    rules : EpisodeRules
    events : EventMaker
    publisher : Publisher
    detect_every : int
        Search for faces in every so many frames.
    has_progress : bool
        Log the position twice a second.
    viewer : Viewer or None
        Shown each frame and its faces, while it is watched.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        vision: Vision,
        tracker: Tracker,
        rules: EpisodeRules,
        events: EventMaker,
        publisher: Publisher,
        detect_every: int = 1,
        has_progress: bool = False,
        viewer: Viewer | None = None,
    ) -> None:
        self.counts = LoopCounts()
        self._source = source
        self._vision = vision
        self._tracker = tracker
        self._rules = rules
        self._events = events
        self._publisher = publisher
        self._detect_every = detect_every
        self._next_search = 0
        self._cuts = SceneCutDetector()
        self._episodes: dict[int, EpisodeDetector] = {}
        self._tracks: dict[int, Track] = {}
        self._report = _ProgressLog(source, has_progress)
        self._viewer = viewer

    def run(self, is_stopped: Callable[[], bool]) -> LoopCounts:
        """Process frames until there are no more, then end every smile that goes on."""
        failures_in_a_row = 0
        try:
            for frame in self._source.frames():
                if is_stopped():
                    break
                if frame is None:
                    self._forget(self._tracker.advance(self._source.now_ms()))
                    continue
                try:
                    self._process(frame)
                    failures_in_a_row = 0
                except EdgeError:
                    raise
                except Exception as error:  # one bad frame must not stop the camera
                    failures_in_a_row += 1
                    self.counts.failed_frames += 1
                    _log.error(
                        "frame failed",
                        extra={"frame": frame.index, "error": repr(error)},
                        exc_info=_log.isEnabledFor(logging.DEBUG),
                    )
                    if failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
                        raise EdgeError(
                            f"{failures_in_a_row} frames in a row failed: {error}"
                        ) from error
                self.counts.frames += 1
                self._report.tell(frame, self.counts.frames, len(self._tracker.tracks))
        finally:
            self._forget(list(self._tracks.values()))
        return self.counts

    def _process(self, frame: Frame) -> None:
        at_ms = frame.position_ms
        if self._cuts.is_cut(frame.grey()):
            self.counts.scene_cuts += 1
            gone = list(self._tracker.tracks)
            self._tracker.drop(gone)
            self._next_search = frame.index
            self._forget(gone)  # at once: what follows may fail
        if frame.index >= self._next_search:
            self._next_search = frame.index + self._detect_every
            lost = self._tracker.update(at_ms, self._vision.find_faces(frame))
            scored = [track for track in self._tracker.tracks if track.is_seen_now]
        else:
            lost = self._tracker.advance(at_ms)
            scored = [track for track in self._tracker.tracks if track.was_found]
        self._forget(lost)
        scores = self._vision.smile_scores(frame, [track.keypoints_now() for track in scored])
        for track, score in zip(scored, scores.tolist(), strict=True):
            self._follow(track, at_ms, score)
        if self._viewer is not None and self._viewer.is_watched:
            self._viewer.show(frame, self._marks(at_ms))

    def _marks(self, at_ms: float) -> list[FaceMark]:
        """Return the faces to draw: those that the latest search found."""
        return [
            FaceMark(
                track.box_at(at_ms),
                self._episodes[track.id].smoothed_score,
                track.id,
                self._episodes[track.id].is_smiling,
            )
            for track in self._tracker.tracks
            if track.was_found and track.id in self._episodes
        ]

    def _follow(self, track: Track, at_ms: float, score: float) -> None:
        if track.id not in self._episodes:
            self._tracks[track.id] = track
            self._episodes[track.id] = EpisodeDetector(self._rules)
        self._tell(track, self._episodes[track.id].update(at_ms, score))

    def _forget(self, lost: Iterable[Track]) -> None:
        """End the smiles of faces that are gone, each even if another's cannot be told."""
        ended = []
        for track in lost:
            episode = self._episodes.pop(track.id, None)
            self._tracks.pop(track.id, None)
            if episode is not None:
                ended.append((track, episode.close()))
        with ExitStack() as told:
            for track, smiles in reversed(ended):
                told.callback(self._tell, track, smiles)

    def _tell(self, track: Track, smiles: Iterable[Smile]) -> None:
        for smile in smiles:
            self._publisher.publish(self._events.make(track, smile))


class _ProgressLog:
    """Logs where a run stands, twice a second; the one-machine runner draws its bar from it."""

    def __init__(
        self, source: FrameSource, is_on: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._is_on = is_on
        self._clock = clock
        self._last_s = clock()
        self._last_frames = 0

    def tell(self, frame: Frame, frames: int, faces: int) -> None:
        now_s = self._clock()
        elapsed_s = now_s - self._last_s
        if not self._is_on or elapsed_s < _PROGRESS_S:
            return
        duration_ms = self._source.duration_ms
        _log.info(
            "progress",
            extra={
                "position_ms": round(frame.position_ms),
                "duration_ms": None if duration_ms is None else round(duration_ms),
                "frames": frames,
                "skipped_frames": self._source.skipped_frames,
                "frame_rate": round((frames - self._last_frames) / elapsed_s, 1),
                "faces": faces,
            },
        )
        self._last_s, self._last_frames = now_s, frames
