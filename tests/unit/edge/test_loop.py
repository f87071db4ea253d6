"""The loop with a real outbox; a fake camera and fake vision decide what it sees."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from edge_lambda import activity as activity_module
from edge_lambda import progress as progress_module
from edge_lambda.activity import Activity
from edge_lambda.camera import Frame
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.errors import EdgeError, SinkError
from edge_lambda.health import clock_gate
from edge_lambda.health.clock_gate import ClockGate
from edge_lambda.health.vitals import Vitals
from smile_vision.smiles.quality import Quality
from smile_vision.smiles.score import FaceScore
from tests.helpers.clock import TODAY, FakeClock, SystemClock
from tests.helpers.loop import (
    CUT_AT,
    FRAMES,
    LEFT,
    RIGHT,
    RULES,
    START,
    STEP_MS,
    FakeCamera,
    FakeVision,
    RecordingSink,
    RecordingViewer,
    loop_of,
)  # fmt: skip


def run(camera: FakeCamera, vision: FakeVision, **options: Any) -> list[str]:
    sink = RecordingSink()
    loop_of(camera, vision, sink, **options).run(lambda: False)
    return sink.phases


def test_smile_ends_at_a_cut_when_the_detector_fails_after_it() -> None:
    sink = RecordingSink()
    failing = range(CUT_AT, FRAMES)
    loop = loop_of(FakeCamera(cut_at=CUT_AT), FakeVision([LEFT], failing=failing), sink)
    phases_before_frame: list[list[str]] = []

    def note() -> bool:
        phases_before_frame.append(list(sink.phases))
        return False

    counts = loop.run(note)
    assert counts.scene_cuts == 1
    assert (counts.frames, counts.failed_frames) == (FRAMES, FRAMES - CUT_AT)
    assert phases_before_frame[CUT_AT] == ["started"]
    assert phases_before_frame[CUT_AT + 1] == ["started", "ended"]


def test_face_in_the_same_place_is_another_one_after_a_cut() -> None:
    sink = RecordingSink()
    loop_of(FakeCamera(cut_at=CUT_AT), FakeVision([LEFT]), sink).run(lambda: False)
    assert sink.phases == ["started", "ended", "started", "ended"]
    assert sink.track_ids == [1, 1, 2, 2]


def test_every_smile_is_ended_when_a_sink_fails_for_one() -> None:
    sink = RecordingSink(fails=True)
    loop = loop_of(FakeCamera(), FakeVision([LEFT, RIGHT]), sink)
    with pytest.raises(SinkError):
        loop.run(lambda: False)
    assert sink.phases == ["started", "started", "ended", "ended"]


def test_smile_is_ended_when_the_run_is_stopped() -> None:
    sink = RecordingSink()
    counts = loop_of(FakeCamera(), FakeVision([LEFT]), sink).run(lambda: sink.phases == ["started"])
    assert sink.phases == ["started", "ended"]
    assert counts.frames < CUT_AT


def test_smile_ends_a_second_after_the_first_look_that_misses_the_face() -> None:
    sink = RecordingSink()
    counts = loop_of(FakeCamera(), FakeVision([LEFT], seen=range(CUT_AT)), sink).run(
        lambda: "ended" in sink.phases
    )
    left_ms, end_ms = CUT_AT * STEP_MS, (counts.frames - 1) * STEP_MS
    assert left_ms + 1000 <= end_ms <= left_ms + 1000 + 320 + STEP_MS


def test_face_can_leave_when_it_was_never_scored() -> None:
    class Unscored(FakeVision):
        def score(self, frame: Frame, keypoints: Sequence[Any]) -> list[FaceScore]:
            assert not keypoints
            return []

    counts = loop_of(FakeCamera(), Unscored([LEFT], seen=range(3)), RecordingSink()).run(
        lambda: False
    )
    assert 1 <= counts.failed_frames < 15


def test_smile_ends_when_the_camera_sends_nothing_for_a_second() -> None:
    sink = RecordingSink()
    phases: list[list[str]] = []
    camera = FakeCamera(gaps=range(CUT_AT, FRAMES))
    loop_of(camera, FakeVision([LEFT]), sink).run(lambda: phases.append(list(sink.phases)))
    assert phases[CUT_AT + 24] == ["started"]
    assert phases[CUT_AT + 26] == ["started", "ended"]


def test_run_goes_on_after_fifty_bad_frames_with_a_good_one_among_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing = [index for index in range(99) if index != 49]
    run(FakeCamera(100), FakeVision([], failing=failing))
    failures = [vars(r) for r in caplog.records if r.message == "frame failed"]
    assert [one["frame"] for one in failures] == failing
    assert failures[0]["error"] == "ValueError('unforeseen')"
    assert failures[0]["exc_info"] is None or failures[0]["exc_info"] is False


def test_run_fails_after_fifty_bad_frames_in_a_row() -> None:
    vision = FakeVision([], failing=range(FRAMES))
    with pytest.raises(EdgeError, match=r"^50 frames in a row failed: unforeseen$"):
        run(FakeCamera(), vision)
    assert vision.failures == 50


def test_log_has_a_traceback_when_the_level_is_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "edge_lambda")
    run(FakeCamera(1), FakeVision([], failing=[0]))
    assert "ValueError: unforeseen" in caplog.text


@pytest.mark.parametrize(("score", "every"), [(0.4, 1), (0.8, 1), (0.02, 2), (0.95, 2)])
def test_face_is_scored_in_every_frame_or_in_every_second_when_its_smile_is_decided(
    score: float, every: int
) -> None:
    vision = FakeVision([LEFT], score=score)
    run(FakeCamera(), vision)
    assert vision.scored == list(range(2, FRAMES, every))  # three looks must agree first


def test_face_is_found_again_at_once_after_a_cut() -> None:
    vision = FakeVision([LEFT], score=0.5)
    run(FakeCamera(cut_at=CUT_AT), vision)
    assert vision.scored == [*range(2, CUT_AT), *range(CUT_AT + 2, FRAMES)]


def test_missed_face_is_not_scored() -> None:
    vision = FakeVision([LEFT], seen=range(40))
    run(FakeCamera(80), vision)
    last_look_that_may_pass_ms, usable_ms = 320, 120
    assert 39 <= vision.scored[-1] <= 39 + (last_look_that_may_pass_ms + usable_ms) / STEP_MS


def test_face_that_cannot_be_scored_is_shown_and_gives_no_smile() -> None:
    viewer = RecordingViewer(is_watched=True)
    vision = FakeVision([LEFT], quality=Quality.TURNED)
    assert run(FakeCamera(), vision, viewer=viewer) == []
    assert [face.problem for face in viewer.shown[-1][1]] == ["turned away"]


def test_smile_of_a_picture_ends_after_a_minute_and_is_shown_as_still() -> None:
    sink, viewer = RecordingSink(), RecordingViewer(is_watched=True)
    camera = FakeCamera(count=1600, cut_at=1600)
    vision = FakeVision([LEFT], seen=range(1600))
    loop = loop_of(camera, vision, sink, viewer=viewer)
    loop.run(lambda: "ended" in sink.phases)
    assert 60_000 <= viewer.shown[-1][0] * STEP_MS <= 62_000
    assert viewer.shown[-1][1][0].problem == "does not move"


def test_smile_ends_when_the_face_cannot_be_scored_for_a_while() -> None:
    class TurnsAway(FakeVision):
        def score(self, frame: Frame, keypoints: Sequence[Any]) -> list[FaceScore]:
            self._quality = Quality.GOOD if frame.index < CUT_AT else Quality.TURNED
            return super().score(frame, keypoints)

    sink = RecordingSink()
    loop = loop_of(FakeCamera(), TurnsAway([LEFT]), sink)
    counts = loop.run(lambda: "ended" in sink.phases)
    last_good_ms, end_ms = (CUT_AT - 1) * STEP_MS, (counts.frames - 1) * STEP_MS
    patience_ms = RULES.max_gap_ms + 2 * RULES.smoothing_ms
    assert end_ms == pytest.approx(last_good_ms + patience_ms, abs=2 * STEP_MS)


@pytest.mark.parametrize(("mouth_openness", "smiles"), [(0.0, 1), (1.0, 0)])
def test_open_mouth_needs_a_higher_score(mouth_openness: float, smiles: int) -> None:
    vision = FakeVision([LEFT], score=0.8, mouth_openness=mouth_openness)
    assert run(FakeCamera(), vision) == ["started", "ended"] * smiles


@pytest.mark.parametrize(("score", "is_smiling"), [(0.95, True), (0.3, False)])
def test_viewer_gets_every_frame_with_its_faces_while_it_watches(
    score: float, is_smiling: bool
) -> None:
    viewer = RecordingViewer(is_watched=True)
    run(FakeCamera(), FakeVision([LEFT], score=score), viewer=viewer)
    assert [index for index, _ in viewer.shown] == list(range(FRAMES))
    assert viewer.shown[1][1] == []
    (face,) = viewer.shown[-1][1]
    assert face.box == pytest.approx(LEFT)
    assert (face.track_id, face.is_smiling) == (1, is_smiling)
    assert face.smile_score == pytest.approx(score, abs=0.01)


def test_viewer_gets_nothing_while_nobody_watches() -> None:
    viewer = RecordingViewer(is_watched=False)
    run(FakeCamera(), FakeVision([LEFT]), viewer=viewer)
    assert viewer.shown == []


def test_viewer_gets_the_rate_of_the_loop_from_its_first_frame_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock()
    monkeypatch.setattr(activity_module, "time", clock)
    viewer = RecordingViewer(is_watched=False)
    frames = 0

    def advance() -> bool:
        nonlocal frames
        clock.sleep(0.125)
        frames += 1
        viewer.is_watched = frames > 40  # somebody opens the page
        return False

    loop_of(FakeCamera(), FakeVision([LEFT]), RecordingSink(), viewer=viewer).run(advance)
    assert viewer.frame_rates == pytest.approx([8] * (FRAMES - 40))


def test_activity_counts_the_faces_that_are_scored() -> None:
    camera = FakeCamera(cut_at=CUT_AT)
    activity = Activity(camera)
    vision = FakeVision([LEFT, RIGHT], failing=[20], score=0.3)
    loop_of(camera, vision, RecordingSink(), activity=activity).run(lambda: False)
    summary = activity.summary()
    assert (summary["frames"], summary["failed_frames"]) == (FRAMES, 1)
    assert (summary["faces"], summary["most_faces_at_once"]) == (4, 2)  # two before the cut
    assert summary["frames_with_face"] == len(set(vision.scored)) == FRAMES - 2 * 2 - 1
    assert summary["best_smile_score"] == pytest.approx(0.3)
    assert summary["best_smile_ms"] == vision.scored[0] * STEP_MS


def test_activity_is_logged_while_the_camera_sends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge_lambda")
    clock = FakeClock()
    monkeypatch.setattr(activity_module, "time", clock)

    def advance() -> bool:
        clock.sleep(7)
        return False

    loop_of(FakeCamera(20, gaps=range(20)), FakeVision([]), RecordingSink()).run(advance)
    activity = [vars(record) for record in caplog.records if record.message == "activity"]
    assert [one["frames"] for one in activity] == [0, 0]


def progress_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, has_progress: bool
) -> list[dict[str, Any]]:
    caplog.set_level(logging.INFO, "edge_lambda")
    clock = FakeClock()
    for part in (progress_module, activity_module):
        monkeypatch.setattr(part, "time", clock)

    def advance() -> bool:
        clock.sleep(0.125)
        return False

    sink, vision = RecordingSink(), FakeVision([LEFT, RIGHT])
    loop_of(FakeCamera(), vision, sink, has_progress=has_progress).run(advance)
    return [vars(record) for record in caplog.records if record.message == "progress"]


def test_progress_is_logged_twice_a_second(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    progress = progress_of(monkeypatch, caplog, has_progress=True)
    assert [one["frames"] for one in progress] == list(range(4, FRAMES, 4))
    second = progress[1]
    assert (second["position_ms"], second["duration_ms"]) == (7 * STEP_MS, FRAMES * STEP_MS)
    assert (second["frame_rate"], second["faces"], second["skipped_frames"]) == (8, 2, 0)
    assert second["paused"] is False


def test_progress_is_not_logged_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert progress_of(monkeypatch, caplog, has_progress=False) == []


def test_progress_has_no_duration_when_the_source_is_live(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(FakeCamera, "duration_ms", None)
    assert progress_of(monkeypatch, caplog, has_progress=True)[0]["duration_ms"] is None


def test_ongoing_smile_is_noted_every_three_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, notes = FakeClock(), []

    def is_stopped() -> bool:
        clock.sleep(STEP_MS / 1000)
        return False

    monkeypatch.setattr("edge_lambda.loop.time", clock)
    monkeypatch.setattr(Publisher, "note", lambda _, events: notes.append((clock.now_s, events)))
    sink = RecordingSink()
    loop_of(FakeCamera(200), FakeVision([LEFT, RIGHT], seen=range(200)), sink).run(is_stopped)
    assert [round(at_s) for at_s, _ in notes] == [3, 6]
    published = {event["event_id"] for event in sink.events if event["phase"] == "started"}
    for at_s, events in notes:
        assert events
        assert published >= {event.event_id for event in events}
        assert all(event.phase == "started" for event in events)
        ends = [event.started_at + timedelta(milliseconds=event.duration_ms) for event in events]
        assert all(abs((end - START).total_seconds() - at_s) < 0.3 for end in ends)


def test_events_wait_for_the_clock_and_are_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    monkeypatch.setattr(clock_gate, "time", clock)
    monkeypatch.setattr(clock_gate, "clock_state", clock.clock_state)

    class Camera(FakeCamera):
        has_system_time = True

        def frames(self) -> Iterator[Frame | None]:
            for frame in super().frames():
                clock.wait(STEP_MS / 1000)
                if frame is not None and frame.index == 60:
                    assert sink.events == []
                    clock.now = TODAY  # the time server answers
                yield frame

        def time_at(self, position_ms: float) -> datetime:
            return clock.now - timedelta(milliseconds=self.now_ms() - position_ms)

    sink = RecordingSink()
    gate = ClockGate(Publisher(Outbox(None), [sink]))
    loop_of(Camera(), FakeVision([LEFT]), sink, gate=gate).run(lambda: False)
    assert sink.phases == ["started", "ended"]
    assert [event["clock"] for event in sink.events] == ["corrected"] * 2
    started_at = datetime.fromisoformat(sink.events[0]["started_at"])
    assert TODAY - timedelta(seconds=60 * STEP_MS / 1000) <= started_at < TODAY


def test_health_follows_frames_faces_and_gaps() -> None:
    camera = FakeCamera(gaps=range(5, 10))
    vitals = Vitals(camera)
    loop_of(camera, FakeVision([LEFT, RIGHT]), RecordingSink(), vitals=vitals).run(lambda: False)
    assert (vitals.frames, vitals.faces) == (FRAMES - 5, 2)
    assert vitals.take_best_score() == 0.95
    assert vitals.camera == "ok"
    assert vitals.take_latency().p95_ms is not None
