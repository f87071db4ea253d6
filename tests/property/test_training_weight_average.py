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


def _take(average: WeightAverage, values: list[float]) -> WeightAverage:
    for value in values:
        average.take(_Network(value), step=0)
    return average


@given(weights)
def test_average_is_never_out_of_the_range_of_what_it_took(values: list[float]) -> None:
    (average,) = _take(WeightAverage(), values).weights()
    assert min(values) - 1e-3 <= average[0] <= max(values) + 1e-3


@given(weights, st.data())
def test_an_interruption_changes_no_bit(values: list[float], data: st.DataObject) -> None:
    stop = data.draw(st.integers(1, len(values)))
    with TemporaryDirectory() as folder:
        path = Path(folder, "average.npz")
        _take(WeightAverage(), values[:stop]).save(path)
        gone_on = _take(WeightAverage.load(path), values[stop:])
    (ours,), (theirs,) = gone_on.weights(), _take(WeightAverage(), values).weights()
    assert ours.tobytes() == theirs.tobytes()
