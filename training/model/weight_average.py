"""The running average of the weights during training; the shipped model uses the average."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError
from training.workspace import display_path, write_atomically

__all__ = ["EVERY_STEPS", "MIN_SHARE", "WeightAverage"]

EVERY_STEPS = 4  # optimizer steps: copying the weights takes time
MIN_SHARE = 0.004  # of the newest weights: the average covers about the last 1,000 steps

Weights = list[NDArray[np.float32]]


class WeightAverage:
    """Exponential moving average of all weights, including batch normalisation's statistics.

    With a learning rate that stays above zero, the average ends in a wider minimum than the last
    step (Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better
    Generalization").
    """

    def __init__(self) -> None:
        self._values: Weights = []
        self._taken = 0

    def update(self, network: Any) -> None:
        """Add the network's weights; call this after every `EVERY_STEPS`-th step.

        Parameters
        ----------
        network
            keras.Model, or anything with ``get_weights()``.
        """
        newest = network.get_weights()
        self._taken += 1
        if self._taken == 1:
            self._values = [np.array(value, dtype=np.float32) for value in newest]
            return
        share = max(MIN_SHARE, 1 / self._taken)  # at first a plain mean
        pairs = zip(self._values, newest, strict=True)
        self._values = [old + np.float32(share) * (new - old) for old, new in pairs]

    def weights(self) -> Weights:
        """Return the average, in the order of ``network.get_weights()``."""
        return self._values

    def save(self, path: Path) -> None:
        """Write the average to one ``.npz`` file, atomically."""
        content = io.BytesIO()
        np.savez(content, *self._values, taken=self._taken)
        write_atomically(path, content.getvalue())

    @classmethod
    def load(cls, path: Path) -> WeightAverage:
        """Read a file that `save` wrote.

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
