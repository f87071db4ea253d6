"""The counts of a run and the line that reports them once a minute."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge_lambda import activity as module
from edge_lambda.activity import Activity
from edge_lambda.settings import TrackSettings
from tests.helpers.clock import FakeClock
from tests.helpers.loop import FakeCamera

NAN = float("nan")
SECOND_MS = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "edge_lambda")
    return caplog


def lines(caplog: pytest.LogCaptureFixture, message: str = "activity") -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if record.message == message]


def test_summary_counts_identities_and_the_best_score() -> None:
    activity = Activity(FakeCamera())
    activity.note(0, {})
    activity.note(40, {1: 0.2, 2: 0.4})
    activity.note(80, {2: 0.3, 5: 0.41234})
    activity.note(120, {5: 0.1, 1: NAN, 6: NAN})
    summary = activity.summary()
    assert (summary["faces"], summary["scored_faces"]) == (4, 3)
    assert (summary["most_faces_at_once"], summary["frames_with_face"]) == (3, 3)
    assert (summary["best_smile_score"], summary["best_smile_ms"]) == (0.4123, 80)
    assert summary["best_smile_at"] == "2026-01-01T00:00:00.080Z"


def test_best_score_is_unknown_when_no_face_can_be_scored() -> None:
    activity = Activity(FakeCamera())
    activity.note(0, {1: NAN})
    summary = activity.summary()
    assert (summary["faces"], summary["scored_faces"]) == (1, 0)
    assert summary["best_smile_score"] is summary["best_smile_ms"] is None
    assert "best_smile_at" not in summary


def test_first_moment_is_kept_when_the_best_score_repeats() -> None:
    activity = Activity(FakeCamera())
    for at_ms in (0.0, 40.0, 80.0):
        activity.note(at_ms, {1: 0.0})
    assert activity.summary()["best_smile_ms"] == 0


@given(
    st.lists(
        st.dictionaries(st.integers(1, 6), st.floats(0, 1) | st.just(NAN), max_size=4), max_size=40
    )
)
def test_summary_is_that_of_all_frames_together(frames: list[dict[int, float]]) -> None:
    activity = Activity(FakeCamera())
    for index, scores in enumerate(frames):
        activity.note(index * 40.0, scores)
    found = activity.sightings()
    scored = [(i, s) for scores in frames for i, s in scores.items() if not math.isnan(s)]
    assert found.faces == len(set().union(*frames))
    assert found.scored_faces == len({i for i, _ in scored})
    assert found.most_faces_at_once == max(map(len, frames), default=0)
    assert found.frames_with_face == sum(map(bool, frames))
    assert found.best_smile_score == max((s for _, s in scored), default=None)


def test_activity_is_logged_once_a_minute(clock: FakeClock, log: pytest.LogCaptureFixture) -> None:
    camera, events = FakeCamera(), [0]
    activity = Activity(camera, lambda: events[0])
    for second in range(150):
        clock.now_s = float(second)
        activity.tick(is_frame=True)
        activity.note(second * SECOND_MS, {1 + second // 60: 0.5 + second / 1000})
        activity.counts.frames += 1
        camera.damaged_frames += 1
        camera.skipped_frames += 2
        activity.counts.failed_frames += second < 60
        events[0] += second % 60 == 30
    first, second_line = lines(log)
    assert (first["frames"], second_line["frames"]) == (60, 60)
    assert (first["duration_s"], first["frame_rate"]) == (60, 1)
    assert (first["damaged_frames"], second_line["damaged_frames"]) == (60, 60)
    assert (first["skipped_frames"], second_line["skipped_frames"]) == (120, 120)
    assert (first["failed_frames"], second_line["failed_frames"]) == (60, 0)
    assert (first["events"], second_line["events"]) == (1, 1)
    assert (first["faces"], second_line["faces"]) == (1, 1)
    assert (first["best_smile_ms"], second_line["best_smile_ms"]) == (59_000, 119_000)
    assert second_line["best_smile_score"] == 0.619
    summary = activity.summary()
    assert (summary["frames"], summary["faces"], summary["events"]) == (150, 3, 2)


def test_activity_of_a_minute_without_frames_says_so(
    clock: FakeClock, log: pytest.LogCaptureFixture
) -> None:
    activity = Activity(FakeCamera())
    activity.tick(is_frame=True)
    activity.note(0, {1: 0.9})
    activity.counts.frames += 1
    for clock.now_s in (59.9, 60.1, 120.2):
        activity.tick(is_frame=False)
    first, second = lines(log)
    assert (first["frames"], first["faces"], first["best_smile_score"]) == (1, 1, 0.9)
    assert (second["frames"], second["faces"], second["best_smile_score"]) == (0, 0, None)
    assert second["frame_rate"] == 0


def test_face_counts_once_when_it_stays_for_hours_and_again_when_its_number_is_new(
    clock: FakeClock,
) -> None:
    activity = Activity(FakeCamera())
    for second in range(7200):
        clock.now_s = float(second)
        activity.tick(is_frame=True)
        activity.note(second * SECOND_MS, {1: 0.5, 1000 + second: 0.1})
    assert activity.sightings().faces == 7201
    assert len(activity._seen._last_ms) < 200  # memory does not grow with the run


@pytest.mark.parametrize(("unseen_ms", "is_kept"), [(60_000, True), (60_040, False)])
def test_face_is_remembered_for_as_long_as_its_track_may_last(
    clock: FakeClock, unseen_ms: float, is_kept: bool
) -> None:
    longest = TrackSettings(max_missed_ms=60_000)
    with pytest.raises(ValidationError):
        TrackSettings(max_missed_ms=longest.max_missed_ms + 1)
    activity = Activity(FakeCamera())
    activity.note(0, {1: 0.5})
    activity.note(unseen_ms, {2: 0.5})
    clock.now_s = 60
    activity.tick(is_frame=True)
    activity.note(unseen_ms, {1: 0.5})
    assert activity.sightings().faces == (2 if is_kept else 3)


def test_damage_is_warned_of_once_a_minute_and_at_the_end(
    clock: FakeClock, log: pytest.LogCaptureFixture
) -> None:
    camera = FakeCamera()
    activity = Activity(camera)
    for second, damaged in ((1, 3), (30, 4), (61, 0), (70, 2), (122, 0), (125, 0), (183, 0)):
        clock.now_s = float(second)
        activity.tick(is_frame=True)
        camera.damaged_frames += damaged
        activity.counts.frames += 10
        camera.skipped_frames += 1
    warnings = lines(log, "frames are damaged")
    assert [one["damaged_frames"] for one in warnings] == [7, 2]
    assert warnings[0]["of_frames"] == 7 + 20 + 2
    assert {one["levelname"] for one in warnings} == {"WARNING"}
    camera.damaged_frames += 5
    activity.close()
    assert [one["damaged_frames"] for one in lines(log, "frames are damaged")] == [7, 2, 5]


def test_rate_of_the_run_ends_with_its_last_frame(clock: FakeClock) -> None:
    activity = Activity(FakeCamera())
    activity.counts.frames = 50
    clock.now_s = 2.0
    activity.close()
    clock.now_s = 12.0  # the broker is slow
    assert (activity.summary()["frame_rate"], activity.summary()["duration_s"]) == (25, 2)


def test_rate_of_the_loop_is_that_of_the_last_frames(clock: FakeClock) -> None:
    activity = Activity(FakeCamera())
    for index in range(10):
        clock.now_s = index * 0.04
        activity.tick(is_frame=True)
        activity.tick(is_frame=False)
    assert activity.frame_rate == pytest.approx(25)
