"""The loop that turns frames into events: faces, tracks, scores, episodes."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace

from edge_lambda.activity import Activity, LoopCounts
from edge_lambda.camera import Frame, FrameSource
from edge_lambda.errors import EdgeError
from edge_lambda.faces.attention import FaceAttention
from edge_lambda.faces.look_schedule import must_score
from edge_lambda.faces.scene_cut import SceneCutDetector
from edge_lambda.faces.track import Track
from edge_lambda.faces.vision import Vision
from edge_lambda.health.clock_gate import ClockGate
from edge_lambda.health.vitals import Vitals
from edge_lambda.loop_settings import LoopSettings
from edge_lambda.progress import ProgressLog
from edge_lambda.smiles.event_maker import EventMaker
from edge_lambda.stream.scene import FaceMark, Overlay, Viewer
from smile_contract.episodes.episode import EpisodeDetector, EpisodeRules
from smile_contract.episodes.smile import Smile
from smile_vision.smiles.quality import Quality
from smile_vision.smiles.score import FaceScore

_log = logging.getLogger(__name__)
_MAX_FAILURES_IN_A_ROW = 50
_NOTE_S = 3.0  # how much of an interrupted smile is lost at most


class EdgeLoop:
    """Watch one source until it ends or is closed.

    Parameters
    ----------
    source : FrameSource
    vision : Vision
    attention : FaceAttention
    rules : EpisodeRules
    events : EventMaker
    gate : ClockGate
        Takes the events.
    has_progress : bool
        Log the position twice a second.
    viewer : Viewer or None
        Gets each frame and its faces while somebody watches.
    activity : Activity or None
        Counts what the run sees.
    vitals : Vitals or None
        Follows the health of the loop and the camera.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        vision: Vision,
        attention: FaceAttention,
        rules: EpisodeRules,
        events: EventMaker,
        gate: ClockGate,
        has_progress: bool = False,
        viewer: Viewer | None = None,
        activity: Activity | None = None,
        vitals: Vitals | None = None,
    ) -> None:
        self._activity = activity or Activity(source)
        self._counts = self._activity.counts
        self._vitals = vitals or Vitals(source)
        self._scores: dict[int, float] = {}  # of the faces in the latest frame
        self._source = source
        self._vision = vision
        self._attention = attention
        self._rules = rules
        self._events = events
        self._gate = gate
        self._cuts = SceneCutDetector()
        self._episodes: dict[int, tuple[Track, EpisodeDetector]] = {}
        self._failures_in_a_row = 0
        self._problems: list[str] = []  # why faces in the latest frame have no score
        self._progress = ProgressLog(source) if has_progress else None
        self._viewer = viewer
        self._noted_s = time.monotonic()
        self._changes: deque[LoopSettings] = deque()
        self._overlay = Overlay()
        self._ignores_everything = False

    def change(self, settings: LoopSettings) -> None:
        """Take new settings, from the next frame on. Any thread may call this."""
        self._changes.append(settings)

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
                self._gate.check()
                while self._changes:
                    self._apply(self._changes.popleft())
                if frame is None:
                    self._vitals.miss()
                    self._end_smiles(self._attention.advance(self._source.now_ms()))
                    continue
                begun_s = time.monotonic()
                self._try_to_process(frame)
                self._counts.frames += 1
                self._vitals.see(frame, begun_s, len(self._attention.tracks), self._scores)
                if self._progress is not None:
                    rate = self._activity.frame_rate
                    faces = len(self._attention.tracks)
                    self._progress.update(
                        frame,
                        self._counts.frames,
                        faces,
                        self._problems,
                        frame_rate=rate,
                        camera=self._vitals.camera,
                        is_paused=self._overlay.is_paused,
                    )
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
        if self._overlay.is_paused:
            self._counts.paused_frames += 1
            self._show(frame)
            return
        self._counts.ignored_frames += self._ignores_everything
        if self._cuts.is_cut(frame.grey()):
            self._counts.scene_cuts += 1
            self._end_smiles(self._attention.restart())  # now, because the search may fail
        self._end_smiles(self._attention.attend(frame))
        self._score(frame)
        self._note_smiles()
        self._show(frame)

    def _show(self, frame: Frame) -> None:
        if self._viewer is not None and self._viewer.is_watched:
            marks = self._marks(frame.position_ms)
            self._viewer.show(frame, marks, self._activity.frame_rate, self._overlay)

    def _apply(self, settings: LoopSettings) -> None:
        """Use new settings. A smile that has been reported keeps the thresholds it began with."""
        self._rules = settings.rules
        on, off = settings.rules.threshold_on, settings.rules.threshold_off
        self._events.model = replace(self._events.model, threshold_on=on, threshold_off=off)
        self._overlay = Overlay(settings.zones.include, settings.zones.ignore, settings.is_paused)
        self._ignores_everything = settings.zones.exclude_everything()
        if self._ignores_everything:
            _log.warning("the zones ignore the whole picture")
        lost = self._attention.change(
            min_face_px=settings.min_face_px,
            max_faces=settings.max_faces,
            zones=settings.zones,
        )
        if settings.is_paused:
            lost += self._attention.restart()
            self._scores, self._problems = {}, []
        self._end_smiles(lost)

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
        self._scores = {track.id: good.get(track.id, math.nan) for track in in_view}
        self._activity.note(at_ms, self._scores, self._problems)

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
        _, episode = self._episodes.get(track.id, (track, None))
        if episode is None or (episode.rules != self._rules and episode.so_far() is None):
            episode = EpisodeDetector(self._rules)
            self._episodes[track.id] = (track, episode)
        self._publish(track, episode.update(at_ms, score.smile_score, score.mouth_openness))

    def _end_smiles(self, lost: Iterable[Track]) -> None:
        """Publish ``ended`` for lost faces. A failure for one does not skip the others."""
        ended = [self._episodes.pop(track.id) for track in lost if track.id in self._episodes]
        with ExitStack() as pending:
            for track, episode in reversed(ended):
                pending.callback(self._publish, track, episode.close())

    def _note_smiles(self) -> None:
        """Note how far the smiles have come, every few seconds."""
        now_s = time.monotonic()
        if now_s - self._noted_s < _NOTE_S:
            return
        self._noted_s = now_s
        smiles = [(track, episode.so_far()) for track, episode in self._episodes.values()]
        events = [self._events.make(track, smile) for track, smile in smiles if smile is not None]
        if events:
            self._gate.note(events)

    def _publish(self, track: Track, smiles: Iterable[Smile]) -> None:
        for smile in smiles:
            self._gate.publish(self._events.make(track, smile))
