from __future__ import annotations

import numpy as np
import pytest

from edge_lambda.faces.observation import Observation
from edge_lambda.faces.tracker import Track, Tracker
from smile_vision.faces.boxes import Box
from tests.helpers.faces import observation

FRAME_MS = 40.0
SIDE = 0.1


def at(x: float, y: float = 0.4) -> Observation:
    """Return a detection of a face whose box begins at `x`, `y`."""
    return observation((x, y, SIDE, SIDE))


def ids(tracker: Tracker) -> list[int]:
    return [track.id for track in tracker.tracks]


def walking(speed: float, until_ms: float) -> Tracker:
    """Return a tracker after a walk to the right from x = 0, in frame widths per second."""
    tracker = Tracker()
    for index in range(round(until_ms / FRAME_MS) + 1):
        at_ms = index * FRAME_MS
        tracker.update(at_ms, [at(speed * at_ms / 1000)])
    return tracker


def moved_by(track: Track, after_ms: float) -> float:
    """Return how far to the right a face is expected after a time unseen."""
    return track.box_at(track.seen_ms + after_ms)[0] - track.seen.box[0]


@pytest.mark.parametrize(("jump_in_sides", "expected"), [(0.9, [1]), (1.0, [2])])
@pytest.mark.parametrize("direction", [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_face_keeps_its_id_when_it_jumps_by_less_than_its_size(
    direction: tuple[int, int], jump_in_sides: float, expected: list[int]
) -> None:
    tracker = Tracker()
    tracker.update(0, [at(0.4, 0.4)])
    dx, dy = (part * jump_in_sides * SIDE for part in direction)
    tracker.update(FRAME_MS, [at(0.4 + dx, 0.4 + dy)])
    assert [track.id for track in tracker.tracks if track.is_seen_now] == expected


@pytest.mark.parametrize(("shift_in_sides", "expected"), [(0.55, [1]), (0.65, [2])])
def test_overlap_needed_is_the_configured_one_when_boxes_cannot_grow(
    monkeypatch: pytest.MonkeyPatch, shift_in_sides: float, expected: list[int]
) -> None:
    monkeypatch.setattr("edge_lambda.faces.tracker._GROWTH", 0.0)  # the first round alone decides
    tracker = Tracker(min_iou=0.25)
    tracker.update(0, [at(0.4)])
    tracker.update(FRAME_MS, [at(0.4 + shift_in_sides * SIDE)])
    assert [track.id for track in tracker.tracks if track.is_seen_now] == expected


def test_best_overlap_wins_when_two_faces_compete_for_one_detection() -> None:
    tracker = Tracker()
    tracker.update(0, [at(0.40), at(0.47)])
    tracker.update(FRAME_MS, [at(0.45)])
    assert [(track.id, track.is_seen_now) for track in tracker.tracks] == [(1, False), (2, True)]


def test_overlapping_boxes_are_matched_before_distant_ones() -> None:
    tracker = Tracker()
    tracker.update(0, [at(0.40)])
    tracker.update(FRAME_MS, [at(0.44), at(0.33)])
    (kept,) = (track for track in tracker.tracks if track.id == 1)
    assert kept.seen.box[0] == 0.44
    assert ids(tracker) == [1, 2]


def test_face_is_expected_where_its_speed_leads_when_seen_twice() -> None:
    tracker = Tracker()
    tracker.update(0, [at(0.40, 0.60)])
    tracker.update(FRAME_MS, [at(0.43, 0.56)])
    expected = (0.46, 0.52, SIDE, SIDE)
    assert tracker.tracks[0].box_at(2 * FRAME_MS) == pytest.approx(expected, abs=0.002)


def test_predicted_motion_slows_down_when_the_face_is_not_seen() -> None:
    (track,) = walking(speed=1.0, until_ms=400).tracks
    assert moved_by(track, 100) == pytest.approx(0.091, abs=0.005)
    assert moved_by(track, 500) == pytest.approx(0.316, abs=0.02)
    assert moved_by(track, 1000) == pytest.approx(0.432, abs=0.02)
    assert moved_by(track, 60_000) == pytest.approx(0.5, abs=0.02)


def test_face_keeps_its_id_when_it_stops_where_it_cannot_be_seen() -> None:
    tracker = walking(speed=0.3, until_ms=400)  # three times its width in a second
    for at_ms in np.arange(440, 1300, FRAME_MS):
        tracker.update(float(at_ms), [])
    tracker.update(1300, [at(0.3 * 0.8)])  # it stopped 400 ms after it was seen last
    assert ids(tracker) == [1]


def test_speed_follows_within_about_100_ms_when_the_face_stops() -> None:
    tracker = walking(speed=1.0, until_ms=400)
    before = moved_by(tracker.tracks[0], FRAME_MS)
    tracker.update(500, [at(0.4)])
    assert moved_by(tracker.tracks[0], FRAME_MS) / before == pytest.approx(0.37, abs=0.05)


def test_expected_place_is_steady_when_detections_jitter() -> None:
    tracker = Tracker()
    for index in range(20):
        tracker.update(index * FRAME_MS, [at(0.4 + (0.01 if index % 2 else 0.0))])
    assert abs(moved_by(tracker.tracks[0], FRAME_MS)) < 0.005


def test_expected_box_grows_when_the_face_comes_closer() -> None:
    tracker = Tracker()
    tracker.update(0, [observation((0.4, 0.4, 0.10, 0.20))])
    tracker.update(FRAME_MS, [observation((0.395, 0.39, 0.11, 0.22))])
    expected = (0.39, 0.38, 0.12, 0.24)
    assert tracker.tracks[0].box_at(2 * FRAME_MS) == pytest.approx(expected, abs=0.002)


def test_expected_box_keeps_half_its_size_when_the_face_seems_to_vanish() -> None:
    tracker = Tracker()
    tracker.update(0, [observation((0.2, 0.2, 0.4, 0.6))])
    tracker.update(FRAME_MS, [observation((0.29, 0.335, 0.22, 0.33))])
    assert tracker.tracks[0].box_at(1000) == pytest.approx((0.345, 0.4175, 0.11, 0.165))


def test_key_points_move_and_grow_with_the_expected_box() -> None:
    points = np.array([[0.4, 0.4], [0.5, 0.4], [0.45, 0.5]] * 2, dtype=np.float32)
    track = Track(1, Observation((0.4, 0.4, 0.1, 0.2), 0.9, points), 0, 0)
    assert track.keypoints_now() is points
    track.velocity, track.now_ms = (0.001, -0.002, 0.0005, 0.0), 10_000.0
    x, y, width, height = track.box_at(10_000)
    moved = track.keypoints_now()
    assert moved.dtype == np.float32
    assert moved[0] == pytest.approx([x, y])
    assert moved[1] == pytest.approx([x + width, y])
    assert moved[2] == pytest.approx([x + width / 2, y + height / 2])


def test_key_points_follow_the_face_when_a_frame_is_not_searched() -> None:
    tracker = walking(speed=1.0, until_ms=400)
    (track,) = tracker.tracks
    tracker.advance(440)
    moved = track.keypoints_now() - track.seen.keypoints
    assert moved == pytest.approx(np.tile([moved_by(track, FRAME_MS), 0], (6, 1)), abs=1e-6)


def test_face_is_lost_when_it_was_not_seen_for_longer_than_configured() -> None:
    tracker = Tracker(max_missed_ms=300)
    tracker.update(0, [at(0.4)])
    assert tracker.update(300, []) == []
    (lost,) = tracker.update(301, [])
    assert (lost.id, ids(tracker)) == (1, [])
    tracker.update(340, [at(0.4)])
    assert ids(tracker) == [2]


def test_face_is_lost_when_no_frame_was_searched_for_longer_than_configured() -> None:
    tracker = Tracker(max_missed_ms=300)
    tracker.update(0, [at(0.4)])
    assert tracker.advance(300) == []
    assert [track.id for track in tracker.advance(301)] == [1]
    assert ids(tracker) == []


def test_face_counts_as_found_until_a_search_misses_it() -> None:
    tracker = Tracker()
    tracker.update(0, [at(0.4)])
    (track,) = tracker.tracks
    assert (track.was_found, track.is_seen_now) == (True, True)
    tracker.advance(FRAME_MS)
    assert (track.was_found, track.is_seen_now) == (True, False)
    tracker.update(2 * FRAME_MS, [])
    assert (track.was_found, track.is_seen_now) == (False, False)
    tracker.update(3 * FRAME_MS, [at(0.4)])
    assert (track.was_found, track.is_seen_now) == (True, True)


def test_face_gets_a_new_id_when_its_track_was_dropped() -> None:
    tracker = Tracker()
    tracker.update(0, [at(0.2), at(0.6)])
    tracker.drop(tracker.tracks[:1])
    tracker.update(FRAME_MS, [at(0.2), at(0.6)])
    assert sorted(ids(tracker)) == [2, 3]


@pytest.mark.parametrize(
    ("box", "is_followed"),
    [
        ((9.0, 0.4, 0.1, 0.1), True),
        ((11.0, 0.4, 0.1, 0.1), False),
        ((0.4, -11.0, 0.1, 0.1), False),
        ((0.4, 0.4, 11.0, 11.0), False),
        ((0.4, 0.4, 0.0, 0.1), False),
        ((0.4, 0.4, 0.1, -0.1), False),
        ((float("nan"), 0.4, 0.1, 0.1), False),
    ],
)
def test_detection_is_ignored_when_it_has_no_area_or_is_far_from_the_frame(
    box: Box, is_followed: bool
) -> None:
    tracker = Tracker()
    tracker.update(0, [observation(box)])
    assert bool(tracker.tracks) == is_followed
