"""The running average of the weights: which steps count, and how much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.errors import TrainingError
from training.model.weight_average import WeightAverage


class FakeNetwork:
    """A network without TensorFlow: the average needs its weights only."""

    def __init__(self) -> None:
        self.values: list[Any] = [np.zeros((2, 3), np.float32), np.zeros(4, np.float32)]

    def get_weights(self) -> list[Any]:
        return self.values

    def all_become(self, value: float) -> None:
        """Change the weights in place, as an optimizer may."""
        for weights in self.values:
            weights[...] = value


def _average_of(values: list[float], average: WeightAverage | None = None) -> WeightAverage:
    average, network = average or WeightAverage(), FakeNetwork()
    for value in values:
        network.all_become(value)
        average.update(network)
    return average


def _value(average: WeightAverage) -> float:
    first, second = average.weights()
    assert (first.shape, second.shape) == ((2, 3), (4,))
    assert {first.dtype, second.dtype} == {np.dtype(np.float32)}
    assert np.ptp(first) == np.ptp(second) == first.flat[0] - second[0] == 0
    return float(second[0])


def test_average_is_the_plain_mean_at_the_start() -> None:
    assert _value(_average_of([5.0])) == 5.0
    assert _value(_average_of([1.0, 2.0, 6.0])) == pytest.approx(3.0)


def test_newest_weights_keep_a_250th_after_many_steps() -> None:
    average = _average_of([0.0] * 1000)
    assert _value(_average_of([1.0], average)) == pytest.approx(0.004)
    half = round(np.log(0.5) / np.log(1 - 0.004))
    assert _value(_average_of([1.0] * (half - 1), average)) == pytest.approx(0.5, abs=0.01)


def test_average_continues_exactly_after_it_was_saved_and_loaded(tmp_path: Path) -> None:
    before, after = [0.1, 0.7, 0.2, 0.9], [0.3, 0.8]
    _average_of(before).save(tmp_path / "average.npz")
    continued = _average_of(after, WeightAverage.load(tmp_path / "average.npz"))
    straight = _average_of(before + after)
    for ours, theirs in zip(continued.weights(), straight.weights(), strict=True):
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)
    assert [path.name for path in tmp_path.iterdir()] == ["average.npz"]


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "other"])
def test_command_to_run_is_named_when_the_file_cannot_be_read(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "average-2.npz"
    _average_of([1.0, 2.0]).save(path)
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:300])
    else:
        np.savez(path, something=np.arange(3))
    with pytest.raises(TrainingError, match=r"average-2\.npz is missing or damaged.*--fresh"):
        WeightAverage.load(path)
