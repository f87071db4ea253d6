from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_lambda.frame_rate import FrameRate


def rates(times_s: list[float]) -> list[float | None]:
    """Return the rate after each of the frames at these times."""
    rate, found = FrameRate(), []
    for time_s in times_s:
        rate.tick(time_s)
        found.append(rate.per_s)
    return found


def test_rate_is_unknown_until_the_second_frame() -> None:
    assert FrameRate().per_s is None
    assert rates([5.0, 5.04]) == [None, pytest.approx(25)]


def test_rate_is_that_of_the_last_two_seconds() -> None:
    steady = [index / 25 for index in range(100)]
    slower = [steady[-1] + index / 5 for index in range(1, 16)]
    found = rates(steady + slower)
    assert found[1:100] == pytest.approx([25] * 99)
    assert found[99 + 5] == pytest.approx(15, abs=0.5)  # half a window after the change
    assert found[99 + 9] == pytest.approx(7, abs=0.5)
    assert found[99 + 11] == pytest.approx(5)


def test_rate_is_known_when_frames_are_further_apart_than_two_seconds() -> None:
    assert rates([0, 10, 20])[-1] == pytest.approx(0.1)


def test_rate_recovers_at_once_when_a_lost_camera_is_back() -> None:
    found = rates([0, 0.04, 60, 60.04, 60.08])
    assert found[2] == pytest.approx(1 / 59.96)
    assert found[3:] == pytest.approx([25, 25])


def test_rate_is_finite_when_two_frames_come_at_once() -> None:
    assert rates([1.0, 1.0])[-1] == pytest.approx(1e6)


@given(st.lists(st.floats(0.001, 5), min_size=1, max_size=200))
def test_rate_lies_between_those_of_the_shortest_and_the_longest_step(steps: list[float]) -> None:
    rate = rates(list(accumulate(steps, initial=100.0)))[-1]
    assert rate is not None
    assert 1 / max(steps) - 1e-6 <= rate <= 1 / min(steps) * (1 + 1e-6)
