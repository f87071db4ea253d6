from __future__ import annotations

import pytest

from edge_lambda.backoff import Backoff


def test_waits_double_up_to_the_limit_and_differ() -> None:
    backoff = Backoff(1.0, 8.0)
    waits = [backoff.next_s() for _ in range(6)]
    for wait, longest in zip(waits, [1, 2, 4, 8, 8, 8], strict=True):
        assert longest / 2 <= wait <= longest
    assert len(set(waits)) == 6
    backoff.reset()
    assert backoff.next_s() <= 1


def test_waits_spread_over_the_upper_half_when_many_devices_reconnect() -> None:
    waits = [Backoff(1.0).next_s() for _ in range(1000)]
    assert min(waits) == pytest.approx(0.5, abs=0.05)
    assert max(waits) == pytest.approx(1.0, abs=0.05)


def test_waits_go_from_half_a_second_to_a_minute_when_nothing_else_is_set() -> None:
    backoff = Backoff()
    assert 0.25 <= backoff.next_s() <= 0.5
    waits = [backoff.next_s() for _ in range(60)]
    assert 45 < max(waits) <= 60
