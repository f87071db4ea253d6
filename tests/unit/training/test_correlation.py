"""Nearly equal pictures are found, exactly and without comparing all pairs in full."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data import correlation
from training.data.correlation import alike


def _smooth(count: int, seed: int) -> np.ndarray:
    """Return random pictures that are coarse mostly, as faces are."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 200, (count, 8, 8)).repeat(8, axis=1).repeat(8, axis=2)
    return np.clip(coarse + rng.normal(0, 10, coarse.shape), 0, 255).astype(np.uint8)


def _exact(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    both = np.concatenate([first, second]).reshape(-1, 4096).astype(np.float64)
    return np.corrcoef(both)[: len(first), len(first) :]


@given(seed=st.integers(0, 1000), noise=st.floats(0, 40), minimum=st.floats(0.5, 0.99))
def test_pairs_are_all_those_above_the_minimum(seed: int, noise: float, minimum: float) -> None:
    first = _smooth(6, seed)
    rng = np.random.default_rng(seed)
    second = np.clip(first[[2, 4, 0]] + rng.normal(0, noise, (3, 64, 64)), 0, 255).astype(np.uint8)
    pairs = alike(first, second, minimum)
    found = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    exact = _exact(first, second)
    for row, column in np.ndindex(exact.shape):
        if abs(exact[row, column] - minimum) > 1e-4:
            assert ((row, column) in found) == (exact[row, column] > minimum)
    expected = exact[pairs.first, pairs.second]
    assert pairs.correlation.tolist() == pytest.approx(expected.tolist(), abs=1e-4)


def test_pairs_are_the_same_in_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = _smooth(9, 1)[[0, 1, 2, 0, 3, 1, 4, 0, 5]]
    whole = alike(pictures, pictures, 0.97)
    for name, size in (("_ROWS", 2), ("_COLUMNS", 4), ("_EXACT", 1)):
        monkeypatch.setattr(correlation, name, size)
    blocks = alike(pictures, pictures, 0.97)
    pairs = [
        sorted(zip(some.first.tolist(), some.second.tolist(), strict=True))
        for some in (whole, blocks)
    ]
    assert pairs[0] == pairs[1]
    assert {(0, 3), (0, 7), (3, 7), (1, 5)} <= set(pairs[0])


def test_only_likely_pairs_are_compared_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    einsum = np.einsum

    def counted(formula: str, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        compared.append(len(one))
        return einsum(formula, one, other)

    monkeypatch.setattr(correlation.np, "einsum", counted)
    pictures = _smooth(50, 2)
    assert len(alike(pictures, pictures, 0.97).first) == 50
    assert sum(compared) < 100  # of 2,500


@pytest.mark.filterwarnings("error")
def test_brightness_and_contrast_do_not_matter_and_flat_pictures_are_like_none() -> None:
    picture = _smooth(1, 3) // 2
    brighter = picture + 60
    assert len(alike(picture, brighter, 0.99).first) == 1
    flat = np.full((1, 64, 64), 90, np.uint8)
    assert len(alike(flat, flat, 0.1).first) == 0
    assert len(alike(np.zeros((0, 64, 64), np.uint8), picture, 0.1).first) == 0
