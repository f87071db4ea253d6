"""Work is never charged beyond what the video has earned."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_lambda.faces.budget import CpuBudget

SAVED_S = 1.0


@given(
    st.floats(1, 1000),
    st.lists(st.tuples(st.floats(0, 3000), st.floats(0, 400)), min_size=1, max_size=60),
    st.integers(0, 59),
)
def test_work_in_any_window_is_at_most_earned_and_saved_time_and_the_last_block(
    ms_per_s: float, frames: list[tuple[float, float]], first: int
) -> None:
    """Each frame is (ms since the frame before, ms of work that can wait).

    No work takes longer than the time that is saved: a longer debt is forgiven in part.
    """
    now_s = 0.0
    budget, at_ms = CpuBudget(ms_per_s, lambda: now_s), 0.0
    charged: list[tuple[float, float]] = []
    for gap_ms, wanted_ms in frames:
        work_ms = min(wanted_ms, SAVED_S * ms_per_s)
        at_ms += gap_ms
        budget.advance(at_ms)
        if not budget.is_spent:
            with budget.spending():
                now_s += work_ms / 1000
            charged.append((at_ms, work_ms))
    window = charged[first:]
    if window:
        earned_ms = (window[-1][0] - window[0][0]) / 1000 * ms_per_s
        work_ms = sum(work for _, work in window)
        assert work_ms <= earned_ms + SAVED_S * ms_per_s + window[-1][1] + 1e-6


@given(st.floats(1, 1000), st.lists(st.floats(0, 1000), min_size=1, max_size=40))
def test_budget_recovers_from_any_debt(ms_per_s: float, work_ms: list[float]) -> None:
    now_s = 0.0
    budget = CpuBudget(ms_per_s, lambda: now_s)
    budget.advance(0)
    for one in work_ms:
        with budget.spending():
            now_s += one / 1000
    budget.advance(1000 * sum(work_ms) / ms_per_s + 1)
    assert not budget.is_spent
