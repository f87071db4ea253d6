"""Video earns processor time, work spends it."""

from __future__ import annotations

import pytest

from edge_lambda.faces.budget import CpuBudget
from tests.helpers.clock import FakeClock


def spend(budget: CpuBudget, clock: FakeClock, ms: float) -> None:
    with budget.spending():
        clock.sleep(ms / 1000)


@pytest.mark.parametrize(("spent_ms", "is_spent"), [(180, False), (220, True)])
def test_one_second_is_saved_at_the_start_and_no_more_later(
    spent_ms: float, is_spent: bool
) -> None:
    clock = FakeClock()
    for idle_ms in (0, 60_000):
        budget = CpuBudget(200, clock.monotonic)
        for now_ms in (0, idle_ms):
            budget.advance(now_ms)
        spend(budget, clock, spent_ms)
        assert budget.is_spent == is_spent


def test_debt_is_paid_by_video() -> None:
    clock = FakeClock()
    budget = CpuBudget(200, clock.monotonic)
    budget.advance(0)
    spend(budget, clock, 300)
    budget.advance(490)
    assert budget.is_spent
    budget.advance(510)
    assert not budget.is_spent


def test_time_before_the_first_frame_and_time_that_goes_back_earn_nothing() -> None:
    clock = FakeClock()
    budget = CpuBudget(200, clock.monotonic)
    spend(budget, clock, 300)
    budget.advance(5000)
    budget.advance(4000)
    assert budget.is_spent


def test_work_that_fails_is_charged() -> None:
    clock = FakeClock()
    budget = CpuBudget(200, clock.monotonic)
    with pytest.raises(ValueError, match="damaged"), budget.spending():
        clock.sleep(1)
        raise ValueError("damaged")
    assert budget.is_spent


def test_time_is_that_of_the_wall_by_default() -> None:
    budget = CpuBudget(1e-6)
    with budget.spending():
        sum(range(1000))
    assert budget.is_spent


def test_long_stall_is_paid_back_in_a_second_of_video() -> None:
    """A machine that was suspended does not look away for minutes."""
    clock = FakeClock()
    budget = CpuBudget(250, clock.monotonic)
    budget.advance(0)
    with budget.spending():
        clock.sleep(60)
    budget.advance(700)
    assert budget.is_spent
    budget.advance(1300)
    assert not budget.is_spent
