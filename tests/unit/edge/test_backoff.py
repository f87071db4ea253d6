from __future__ import annotations

import pytest

from edge_lambda import backoff as module
from edge_lambda.backoff import Backoff


def longest(backoff: Backoff, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    monkeypatch.setattr(module.random, "uniform", lambda _, most: most)
    return [backoff.next_s() for _ in range(9)]


def test_waits_double_from_half_a_second_to_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    assert longest(Backoff(), monkeypatch) == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


def test_waits_start_over_after_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    backoff = Backoff(1.0, 4.0)
    assert longest(backoff, monkeypatch)[:4] == [1, 2, 4, 4]
    backoff.reset()
    assert backoff.next_s() == 1


def test_waits_are_random_between_half_and_all() -> None:
    waits = [Backoff(1.0).next_s() for _ in range(200)]
    assert 0.5 <= min(waits) < 0.55
    assert 0.95 < max(waits) <= 1.0
