"""The running average of a network's weights: steadier than any one step, so it is what ships."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError
from training.workspace import display_path, write_atomically

__all__ = ["WeightAverage"]

EVERY_STEPS = 4  # of the optimizer, counted in each epoch: copying the weights takes time
LEAST_SHARE = 0.004  # of the newest weights: the average looks back about 1,000 steps

Weights = list[NDArray[np.float32]]


class WeightAverage:
    """Exponential moving average of all weights, batch normalisation's statistics included.

    With a learning rate that does not fall to nothing it ends in a wider minimum than the last
    step (Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better
    Generalization").
    """

    def __init__(self) -> None:
        self._values: Weights = []
        self._taken = 0

    def take(self, network: Any, step: int) -> None:
        """Take in the weights after a step of an epoch, counted from 0, where it is its turn."""
        if step % EVERY_STEPS:
            return
        newest = network.get_weights()
        self._taken += 1
        if self._taken == 1:
            self._values = [np.array(value, dtype=np.float32) for value in newest]
            return
        share = max(LEAST_SHARE, 1 / self._taken)  # at first the plain mean
        pairs = zip(self._values, newest, strict=True)
        self._values = [old + np.float32(share) * (new - old) for old, new in pairs]

    def weights(self) -> Weights:
        """Return the average, in the order of ``network.get_weights()``."""
        return self._values

    def save(self, path: Path) -> None:
        """Write all to one ``.npz`` file, atomically."""
        content = io.BytesIO()
        np.savez(content, *self._values, taken=self._taken)
        write_atomically(path, content.getvalue())

    @classmethod
    def load(cls, path: Path) -> WeightAverage:
        """Read what `save` wrote.

        Raises
        ------
        TrainingError
            When the file is missing or damaged.
        """
        average = cls()
        try:
            with np.load(path) as content:
                average._taken = int(content["taken"])
                average._values = [content[f"arr_{i}"] for i in range(len(content.files) - 1)]
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise TrainingError(
                f"{display_path(path)} is missing or damaged: run python -m training.train --fresh"
            ) from error
        return average
