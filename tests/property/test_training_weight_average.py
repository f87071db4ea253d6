"""The running average of the weights, for any sequence of weights."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.model.weight_average import WeightAverage

weights = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=30)


class _Network:
    def __init__(self, value: float) -> None:
        self.value = value

    def get_weights(self) -> list[np.ndarray]:
        return [np.array([self.value], np.float32)]


def _updated(average: WeightAverage, values: list[float]) -> WeightAverage:
    for value in values:
        average.update(_Network(value))
    return average


@given(weights)
def test_average_stays_within_the_range_of_the_weights(values: list[float]) -> None:
    (average,) = _updated(WeightAverage(), values).weights()
    assert min(values) - 1e-3 <= average[0] <= max(values) + 1e-3


@given(weights, st.data())
def test_average_is_bit_identical_after_an_interruption(
    values: list[float], data: st.DataObject
) -> None:
    stop = data.draw(st.integers(1, len(values)))
    with TemporaryDirectory() as folder:
        path = Path(folder, "average.npz")
        _updated(WeightAverage(), values[:stop]).save(path)
        continued = _updated(WeightAverage.load(path), values[stop:])
    (ours,), (theirs,) = continued.weights(), _updated(WeightAverage(), values).weights()
    assert ours.tobytes() == theirs.tobytes()
