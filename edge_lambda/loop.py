"""The loop that turns frames into events: faces, tracks, scores, episodes."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from edge_lambda.activity import Activity, LoopCounts
from edge_lambda.camera import Frame, FrameSource
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.errors import EdgeError
from edge_lambda.faces.attention import FaceAttention
from edge_lambda.faces.look_schedule import must_score
from edge_lambda.faces.scene_cut import SceneCutDetector
from edge_lambda.faces.track import Track
from edge_lambda.faces.vision import Vision
from edge_lambda.smiles.episode import EpisodeDetector, EpisodeRules
from edge_lambda.smiles.event_maker import EventMaker
from edge_lambda.smiles.smile import Smile
from edge_lambda.stream.scene import FaceMark, Viewer
from smile_vision.smiles.quality import Quality
from smile_vision.smiles.score import FaceScore

_log = logging.getLogger(__name__)
_PROGRESS_S = 0.5
_MAX_FAILURES_IN_A_ROW = 50


class EdgeLoop:
    """Watch one source until it ends or is closed.

    Parameters
    ----------
    source : FrameSource
    vision : Vision
    attention : FaceAttention
    rules : EpisodeRules
    events : EventMaker
    publisher : Publisher
    has_progress : bool
        Log the position twice a second.
    viewer : Viewer or None
        Gets each frame and its faces while somebody watches.
    activity : Activity or None
        Counts what the run sees.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        vision: Vision,
        attention: FaceAttention,
        rules: EpisodeRules,
        events: EventMaker,
        publisher: Publisher,
        has_progress: bool = False,
        viewer: Viewer | None = None,
        activity: Activity | None = None,
    ) -> None:
        self._activity = activity or Activity(source)
        self._counts = self._activity.counts
        self._source = source
        self._vision = vision
        self._attention = attention
        self._rules = rules
        self._events = events
        self._publisher = publisher
        self._cuts = SceneCutDetector()
        self._episodes: dict[int, tuple[Track, EpisodeDetector]] = {}
        self._failures_in_a_row = 0
        self._problems: list[str] = []  # why faces in the latest frame have no score
        self._progress = _ProgressLog(source) if has_progress else None
        self._viewer = viewer

    def run(self, is_stopped: Callable[[], bool]) -> LoopCounts:
        """Process frames until there are no more, then end all open smiles.

        Raises
        ------
        EdgeError
            When the source or a sink fails, or 50 frames in a row.
        """
        try:
            for frame in self._source.frames():
                if is_stopped():
                    break
                self._activity.tick(frame is not None)
                if frame is None:
                    self._end_smiles(self._attention.advance(self._source.now_ms()))
                    continue
                self._try_to_process(frame)
                self._counts.frames += 1
                if self._progress is not None:
                    rate = self._activity.frame_rate
                    faces = len(self._attention.tracks)
                    self._progress.update(frame, self._counts.frames, faces, self._problems, rate)
        finally:
            self._activity.close()
            self._end_smiles([track for track, _ in self._episodes.values()])
        return self._counts

    def _try_to_process(self, frame: Frame) -> None:
        """Process a frame. Log and count a failure, so that one bad frame does not stop the run."""
        try:
            self._process(frame)
        except EdgeError:
            raise
        except Exception as error:
            self._failures_in_a_row += 1
            self._counts.failed_frames += 1
            _log.error(
                "frame failed",
                extra={"frame": frame.index, "error": repr(error)},
                exc_info=_log.isEnabledFor(logging.DEBUG),
            )
            if self._failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
                message = f"{self._failures_in_a_row} frames in a row failed: {error}"
                raise EdgeError(message) from error
        else:
            self._failures_in_a_row = 0

    def _process(self, frame: Frame) -> None:
        at_ms = frame.position_ms
        if self._cuts.is_cut(frame.grey()):
            self._counts.scene_cuts += 1
            self._end_smiles(self._attention.restart())  # now, because the search may fail
        self._end_smiles(self._attention.attend(frame))
        self._score(frame)
        if self._viewer is not None and self._viewer.is_watched:
            self._viewer.show(frame, self._marks(at_ms), self._activity.frame_rate)

    def _score(self, frame: Frame) -> None:
        """Score the faces in view. A smile without a usable score ends after a while."""
        at_ms, in_view = frame.position_ms, self._attention.in_view()
        due = [track for track in in_view if must_score(track, at_ms)]
        scores = self._vision.score(frame, [track.keypoints_now() for track in due])
        for track, score in zip(due, scores, strict=True):
            track.score(score.smile_score, at_ms)
            is_picture = track.is_still and score.quality is Quality.GOOD
            track.quality = Quality.STILL if is_picture else score.quality
            if track.quality is Quality.GOOD:
                self._update_episode(track, at_ms, score)
        good = {track.id: track.smile_score for track in in_view if track.quality is Quality.GOOD}
        for track, episode in list(self._episodes.values()):
            if track.id not in good and not track.misses:  # a missed face ends with its track
                self._publish(track, episode.pause(at_ms))
        self._problems = [str(track.quality) for track in in_view if track.id not in good]
        by_id = {track.id: good.get(track.id, math.nan) for track in in_view}
        self._activity.note(at_ms, by_id, self._problems)

    def _marks(self, at_ms: float) -> list[FaceMark]:
        """Return the faces in view, for the viewer."""
        marks = []
        for track in self._attention.in_view():
            _, episode = self._episodes.get(track.id, (track, None))
            smoothed = episode.smoothed_score if episode is not None else 0.0
            is_smiling = episode is not None and episode.is_smiling
            problem = None if track.quality is Quality.GOOD else str(track.quality)
            marks.append(FaceMark(track.box_at(at_ms), smoothed, track.id, is_smiling, problem))
        return marks

    def _update_episode(self, track: Track, at_ms: float, score: FaceScore) -> None:
        if track.id not in self._episodes:
            self._episodes[track.id] = (track, EpisodeDetector(self._rules))
        _, episode = self._episodes[track.id]
        self._publish(track, episode.update(at_ms, score.smile_score, score.mouth_openness))

    def _end_smiles(self, lost: Iterable[Track]) -> None:
        """Publish ``ended`` for lost faces. A failure for one does not skip the others."""
        ended = [self._episodes.pop(track.id) for track in lost if track.id in self._episodes]
        with ExitStack() as pending:
            for track, episode in reversed(ended):
                pending.callback(self._publish, track, episode.close())

    def _publish(self, track: Track, smiles: Iterable[Smile]) -> None:
        for smile in smiles:
            self._publisher.publish(self._events.make(track, smile))


class _ProgressLog:
    """Logs the position twice a second. The local run draws its progress bar from it."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self._last_s = time.monotonic()

    def update(
        self,
        frame: Frame,
        frames: int,
        faces: int,
        problems: Iterable[str],
        frame_rate: float | None,
    ) -> None:
        now_s = time.monotonic()
        if now_s - self._last_s < _PROGRESS_S:
            return
        duration_ms = self._source.duration_ms
        _log.info(
            "progress",
            extra={
                "position_ms": round(frame.position_ms),
                "duration_ms": None if duration_ms is None else round(duration_ms),
                "frames": frames,
                "skipped_frames": self._source.skipped_frames,
                "frame_rate": None if frame_rate is None else round(frame_rate, 1),
                "faces": faces,
                "problems": sorted(set(problems)),
            },
        )
        self._last_s = now_s
