"""Which followed faces get a closer look."""

from __future__ import annotations

import math

import pytest

from edge_lambda.faces.budget import CpuBudget
from edge_lambda.faces.look_schedule import LookSchedule, must_score, wait_ms
from edge_lambda.faces.track import Track
from tests.helpers.clock import FakeClock
from tests.helpers.faces import track

FRAME_MS = 40.0


def steady(number: int = 1, looked_ms: float = 0.0, score: float = 0.02) -> Track:
    """Return a confirmed face that keeps still and was looked at `looked_ms`."""
    one = track(number)
    one.agreements, one.looked_ms, one.smile_score = 5, looked_ms, score
    return one


def missed(number: int, misses: int, looked_ms: float = 0.0) -> Track:
    one = steady(number, looked_ms)
    one.misses = misses
    return one


def drifting(per_ms: float) -> Track:
    one = steady()
    one.drift = per_ms
    return one


def budget(is_spent: bool = False) -> CpuBudget:
    clock = FakeClock()
    budget = CpuBudget(100, clock.monotonic)
    if is_spent:
        with budget.spending():
            clock.sleep(10)
    return budget


def test_still_face_waits_a_third_of_a_second() -> None:
    assert wait_ms(steady()) == pytest.approx(320, rel=0.2)


@pytest.mark.parametrize("score", [0.2, 0.5, 0.8])
def test_face_waits_less_when_a_smile_may_start_or_end(score: float) -> None:
    assert wait_ms(steady(score=score)) == pytest.approx(80, rel=0.2)


@pytest.mark.parametrize("score", [0.1, 0.9, math.nan])
def test_face_waits_longer_when_its_score_is_far_from_the_thresholds(score: float) -> None:
    assert wait_ms(steady(score=score)) == pytest.approx(320, rel=0.2)


@pytest.mark.parametrize(
    ("drift", "expected_ms"),
    [(1e-5, 320), (0.0003, 167), (0.0004, 125), (0.0005, 100), (0.01, 40)],
)
def test_face_waits_until_its_place_may_be_wrong_by_a_20th_of_its_width(
    drift: float, expected_ms: float
) -> None:
    assert wait_ms(drifting(drift)) == pytest.approx(expected_ms, rel=0.2)


def test_unconfirmed_face_is_looked_at_in_every_frame() -> None:
    for agreements in (1, 2):
        one = track()
        one.agreements = agreements
        assert wait_ms(one) < 8


@pytest.mark.parametrize(("missing_ms", "expected_ms"), [(40, 0), (250, 0), (350, 120), (900, 120)])
def test_missed_face_is_looked_for_in_every_frame_at_first_and_less_often_later(
    missing_ms: float, expected_ms: float
) -> None:
    for drift in (0.0, 1.0):
        one = missed(1, 3)
        one.drift, one.now_ms = drift, one.present_ms + missing_ms
        assert wait_ms(one) == pytest.approx(expected_ms, rel=0.2, abs=8)


def test_face_is_due_once_it_has_waited() -> None:
    schedule, still = LookSchedule(budget()), steady()
    assert schedule.due([still], 240, FRAME_MS) == []
    assert schedule.due([still], 400, FRAME_MS) == [still]


def test_most_urgent_face_comes_first_and_the_older_one_of_equals() -> None:
    schedule = LookSchedule(budget())
    late, early, young, old = steady(1, 300), steady(2, 0), missed(4, 1, 360), missed(3, 1, 360)
    assert schedule.due([late, early, young, old], 400, 1000) == [old, young, early]


@pytest.mark.parametrize(
    ("frame_ms", "most"), [(5, 1), (16, 1), (20, 1), (24, 2), (40, 2), (50, 3), (100, 5)]
)
def test_one_face_is_looked_at_in_each_20_ms_of_video(frame_ms: float, most: int) -> None:
    crowd = [missed(number, 1) for number in range(1, 10)]
    due = LookSchedule(budget()).due(crowd, 1000, frame_ms)
    assert [one.id for one in due] == list(range(1, most + 1))


@pytest.mark.parametrize(("waited_ms", "gets_look"), [(320, False), (440, True)])
def test_starving_face_gets_a_look_without_budget(waited_ms: float, gets_look: bool) -> None:
    due = LookSchedule(budget(is_spent=True)).due([steady()], waited_ms, FRAME_MS)
    assert bool(due) == gets_look


@pytest.mark.parametrize(("gap_ms", "gets_look"), [(30, False), (50, True)])
def test_starving_faces_take_turns(gap_ms: float, gets_look: bool) -> None:
    schedule = LookSchedule(budget(is_spent=True))
    first, second = steady(1), steady(2)
    assert schedule.due([first, second], 500, FRAME_MS) == [first]
    first.looked_ms = 500
    assert (schedule.due([first, second], 500 + gap_ms, FRAME_MS) == [second]) == gets_look


def test_no_face_starves_without_budget() -> None:
    schedule = LookSchedule(budget(is_spent=True))
    crowd = [steady(number) for number in range(1, 9)]
    longest_ms, looks, now_ms = 0.0, 0, 0.0
    while now_ms < 10_000:
        now_ms += FRAME_MS
        for one in schedule.due(crowd, now_ms, FRAME_MS):
            longest_ms, looks = max(longest_ms, now_ms - one.looked_ms), looks + 1
            one.looked_ms = now_ms
    assert longest_ms <= 800
    assert looks <= 10_000 / FRAME_MS


@pytest.mark.parametrize(
    ("score", "elapsed_ms", "is_due"),
    [(0.02, 50, False), (0.98, 50, False), (0.02, 70, True), (0.3, 1, True), (math.nan, 1, True)],
)
def test_face_is_scored_less_often_while_its_smile_is_decided(
    score: float, elapsed_ms: float, is_due: bool
) -> None:
    one = steady(score=score)
    one.scored_ms = 1000
    assert must_score(one, 1000 + elapsed_ms) == is_due
