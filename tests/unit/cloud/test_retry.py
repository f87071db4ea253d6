from __future__ import annotations

import random

import pytest

from smile_cloud.retry import attempts


@pytest.mark.parametrize(("factor", "total_s"), [(0.5, 1.27), (1.0, 2.54)])
def test_pauses_double_when_every_attempt_fails(
    monkeypatch: pytest.MonkeyPatch, factor: float, total_s: float
) -> None:
    bounds: list[tuple[float, float]] = []

    def chosen(low: float, high: float) -> float:
        bounds.append((low, high))
        return factor

    monkeypatch.setattr(random, "uniform", chosen)
    pauses: list[float] = []
    assert list(attempts(pauses.append)) == list(range(8))
    assert pauses == pytest.approx([0.02 * factor * 2**n for n in range(7)])
    assert sum(pauses) == pytest.approx(total_s)
    assert set(bounds) == {(0.5, 1)}, "the jitter"


def test_nothing_pauses_when_the_first_attempt_succeeds() -> None:
    pauses: list[float] = []
    for _ in attempts(pauses.append):
        break
    assert pauses == []
