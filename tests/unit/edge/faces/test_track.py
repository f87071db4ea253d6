"""A followed face: where it is between looks, and for how long it is unseen."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from edge_lambda.faces.observation import Observation
from edge_lambda.faces.track import Track, moved_with_box
from smile_vision.faces.boxes import Box
from tests.helpers.faces import observation, track

WIDTH = 0.1
PER_MS = 0.00005  # half a width per second
POINTS = np.array(
    [[0.32, 0.33], [0.38, 0.33], [0.35, 0.36], [0.35, 0.38], [0.3, 0.35], [0.4, 0.35]], np.float32
)


def box_at(x: float, y: float = 0.3, width: float = WIDTH, height: float = WIDTH) -> Box:
    return (x, y, width, height)


def followed(
    box: Callable[[float], Box], end_ms: float = 2000, step_ms: float = 80, start_ms: float = 0
) -> Track:
    """Return a face that was seen every `step_ms`, up to `end_ms`."""
    one = Track(1, observation(box(start_ms)), start_ms)
    for now_ms in np.arange(start_ms + step_ms, end_ms + 1, step_ms):
        one.see(observation(box(now_ms)), float(now_ms))
    return one


def moving(now_ms: float) -> Box:
    return box_at(0.3 + PER_MS * now_ms, 0.3 - PER_MS * now_ms)


def test_new_face_stays_where_it_is() -> None:
    one = Track(1, observation(box_at(0.3)), 40)
    assert one.box_at(500) == pytest.approx(box_at(0.3))
    assert (one.age_ms, one.missing_ms, one.misses, one.agreements) == (0, 0, 0, 1)
    assert not one.is_confirmed and math.isnan(one.smile_score)


def test_face_is_confirmed_when_three_looks_agree() -> None:
    states = [followed(moving, end_ms).is_confirmed for end_ms in (0, 80, 160, 240)]
    assert states == [False, False, True, True]


def test_moving_face_is_expected_farther_on() -> None:
    one = followed(moving)
    assert one.box_at(2080) == pytest.approx(moving(2080), abs=0.03 * WIDTH)
    assert one.box_at(1000) == pytest.approx(moving(2000))  # the past is not predicted


def test_growing_face_is_expected_larger_around_the_same_centre() -> None:
    def growing(now_ms: float) -> Box:
        side = 0.1 + PER_MS * now_ms
        return box_at(0.5 - side / 2, 0.5 - side / 2, side, side)

    one = followed(growing)
    assert one.box_at(2080) == pytest.approx(growing(2080), abs=0.001)
    assert one.velocity[:2] == pytest.approx((0, 0), abs=1e-9)


def test_shrinking_face_is_never_expected_at_less_than_half_its_size() -> None:
    def shrinking(now_ms: float) -> Box:
        side = 0.1 * 0.5 ** (now_ms / 80)
        return box_at(0.5 - side / 2, 0.5 - side / 2, side, side)

    one = followed(shrinking, 160)
    half = 0.1 * 0.5**2 / 2
    assert one.box_at(5000) == pytest.approx(box_at(0.5 - half / 2, 0.5 - half / 2, half, half))


def test_unseen_face_stops_where_it_would_be_after_300_ms() -> None:
    one = followed(moving, 4000)
    x, y, *_ = one.box_at(60_000)
    assert x - one.seen.box[0] == pytest.approx(300 * PER_MS, rel=0.2)
    assert y - one.seen.box[1] == pytest.approx(-300 * PER_MS, rel=0.2)


def test_new_speed_replaces_the_old_one_within_200_ms() -> None:
    one = followed(lambda now_ms: box_at(0.3 + PER_MS * max(now_ms - 1000, 0)), 1200, 40)
    assert one.velocity[0] / PER_MS == pytest.approx(0.63, abs=0.08)


@pytest.mark.parametrize("step_ms", [20, 40, 100])
def test_speed_does_not_depend_on_how_often_the_face_is_seen(step_ms: float) -> None:
    one = followed(lambda now_ms: box_at(0.3 + PER_MS * max(now_ms - 1000, 0)), 1200, step_ms)
    assert one.velocity[0] / PER_MS == pytest.approx(0.63, abs=0.08)


def test_jitter_of_a_still_face_moves_its_prediction_little() -> None:
    rng = np.random.default_rng(4)
    off = []
    for _ in range(50):
        jitter = iter(rng.normal(0, 0.01 * WIDTH, 100))
        one = followed(lambda _, jitter=jitter: box_at(0.3 + next(jitter)), 2000, 80)
        off.append(one.box_at(2080)[0] - 0.3)
    assert np.std(off) < 0.02 * WIDTH


@pytest.mark.parametrize(("jitter", "is_drifting"), [(0.024, False), (0.036, True)])
def test_two_looks_at_a_still_face_differ_a_little_without_drift(
    jitter: float, is_drifting: bool
) -> None:
    one = Track(1, observation(box_at(0.3)), 0)
    one.see(observation(box_at(0.3 + jitter * WIDTH)), 80)
    assert (one.drift > 0) == is_drifting


@pytest.mark.parametrize(
    "found",
    [box_at(0.32), box_at(0.28), box_at(0.3, 0.32), box_at(0.29, 0.29, 0.12, 0.12)],
    ids=["right", "left", "down", "larger"],
)
def test_drift_is_the_error_of_the_prediction_in_widths_per_ms(found: Box) -> None:
    one = Track(1, observation(box_at(0.3)), 0)
    one.see(observation(found), 100)
    # 0.02 of found widths (0.1 or 0.12), less the jitter, in 100 ms.
    assert one.drift == pytest.approx((0.02 / found[2] - 0.03) / 100, rel=0.1)


def test_drift_fades_once_the_prediction_is_right_again() -> None:
    one = Track(1, observation(box_at(0.3)), 0)
    one.see(observation(box_at(0.4)), 100)
    drift = one.drift
    one.velocity = (0.0, 0.0, 0.0, 0.0)
    one.see(observation(box_at(0.4)), 200)
    assert one.drift / drift == pytest.approx(0.7, abs=0.1)


def test_face_that_is_seen_twice_at_one_time_has_no_speed() -> None:
    one = Track(1, observation(box_at(0.3)), 100)
    one.see(observation(box_at(0.5)), 100)
    assert one.velocity == (0, 0, 0, 0) and one.drift == 0
    assert one.seen.box == box_at(0.5)


def test_misses_count_until_the_face_is_seen_again() -> None:
    one = Track(1, observation(box_at(0.3)), 0)
    one.miss(40)
    one.miss(80)
    assert (one.misses, one.looked_ms, one.seen_ms, one.agreements) == (2, 80, 0, 1)
    one.see(observation(box_at(0.3)), 120)
    assert (one.misses, one.looked_ms, one.seen_ms, one.agreements) == (0, 120, 120, 2)


def test_times_grow_until_the_face_is_seen_again() -> None:
    one = Track(1, observation(box_at(0.3)), 0)
    one.now_ms, one.present_ms = 400, 100
    assert (one.age_ms, one.missing_ms) == (400, 300)
    one.see(observation(box_at(0.3)), 440)
    assert (one.age_ms, one.missing_ms) == (0, 0)


def test_key_points_are_those_of_the_look_in_its_own_frame() -> None:
    one = Track(1, Observation(box_at(0.3), 0.9, POINTS), 0)
    one.velocity = (1.0, 1.0, 1.0, 1.0)
    assert (one.keypoints_now() == POINTS).all()


def test_key_points_move_and_grow_with_the_predicted_box() -> None:
    one = Track(1, Observation(box_at(0.3), 0.9, POINTS), 0)
    one.velocity = (PER_MS, 0.0, PER_MS, PER_MS)
    one.now_ms = 100
    points = one.keypoints_now()
    x, y, width, height = one.box_at(100)
    assert points.dtype == np.float32
    assert (points - (x, y)) / (width, height) == pytest.approx((POINTS - 0.3) / 0.1, abs=1e-4)
    assert points[1, 0] - points[0, 0] > 1.03 * (POINTS[1, 0] - POINTS[0, 0])


def test_points_keep_their_place_in_the_box() -> None:
    moved = moved_with_box(POINTS, (0.3, 0.3, 0.1, 0.1), (0.1, 0.5, 0.2, 0.3))
    assert moved == pytest.approx((POINTS - 0.3) / 0.1 * (0.2, 0.3) + (0.1, 0.5), abs=1e-6)
    assert moved.dtype == np.float32


def test_uncertain_observation_changes_the_box_but_not_the_speed() -> None:
    one = track(1, (0.4, 0.4, 0.1, 0.1))
    one.see(observation((0.41, 0.4, 0.1, 0.1)), 100)
    speed = one.velocity
    one.see(observation((0.3, 0.35, 0.14, 0.14)), 200, is_certain=False)
    assert one.velocity == speed
    assert one.seen.box == (0.3, 0.35, 0.14, 0.14)


def test_missed_face_is_expected_from_where_it_was_last_seen_for_certain() -> None:
    """The thing that hides a face squeezes its box first."""
    one = track(1, (0.4, 0.4, 0.1, 0.1))
    one.see(observation((0.4, 0.4, 0.1, 0.1)), 100)
    one.see(observation((0.36, 0.38, 0.13, 0.13)), 200, is_certain=False)
    one.miss(240)
    one.now_ms = 240
    assert one.box_at(240) == pytest.approx((0.4, 0.4, 0.1, 0.1))
    assert one.age_ms == 140


def test_certain_place_moves_with_the_camera() -> None:
    one = track(1, (0.4, 0.4, 0.1, 0.1))
    one.see(observation((0.36, 0.38, 0.13, 0.13)), 200, is_certain=False)
    one.shift(0.1, -0.2)
    assert one.seen.box == pytest.approx((0.46, 0.18, 0.13, 0.13))
    one.miss(240)
    assert one.seen.box == pytest.approx((0.5, 0.2, 0.1, 0.1))


@pytest.mark.parametrize(("change", "is_still"), [(0.2, True), (0.4, False)])
def test_face_whose_score_changes_is_alive(change: float, is_still: bool) -> None:
    one = track(1)
    one.score(0.1, 0)
    one.score(0.1 + change, 50_000)
    one.now_ms = 70_000
    assert one.is_still == is_still


def test_face_is_still_after_a_minute() -> None:
    one = track(1)
    one.now_ms = 45_000
    assert not one.is_still
    one.now_ms = 75_000
    assert one.is_still
    one.score(math.nan, 75_000)
    assert one.is_still


def test_slow_drift_of_a_face_adds_up_to_life() -> None:
    one = track(1, (0.4, 0.4, 0.1, 0.1))
    for index in range(1, 8):
        one.see(observation((0.4 + 0.0009 * index, 0.4, 0.1, 0.1)), index * 1000)
    assert one.moved_ms == 6000
    one.shift(0.2, 0.0)  # the camera turns, the face does not
    one.see(observation((0.6063, 0.4, 0.1, 0.1)), 8000)
    assert one.moved_ms == 6000


def test_speed_is_measured_between_certain_observations() -> None:
    """A face that is partly hidden for a moment has not moved aside and back."""
    one = track(1, (0.4, 0.4, 0.1, 0.1))
    one.see(observation((0.36, 0.38, 0.13, 0.13)), 80, is_certain=False)
    one.see(observation((0.4, 0.4, 0.1, 0.1)), 160)
    assert one.velocity == (0.0, 0.0, 0.0, 0.0)
