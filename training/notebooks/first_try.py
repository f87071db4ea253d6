"""A training short enough for a notebook: the project's network, variations and conversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.preprocess import preprocess
from training.data.crops import Crops
from training.data.splits import Split
from training.evaluation.metrics import accuracy_at, area_under_curve, sigmoid
from training.model.augment import augment
from training.model.network import build_network, import_keras

__all__ = ["FirstTry", "try_training"]

_BATCH = 64
_LEARNING_RATE = 2e-3


@dataclass(frozen=True)
class FirstTry:
    """A network that learned for a moment.

    Attributes
    ----------
    network
        The Keras model.
    history
        For each epoch ``epoch``, ``loss``, ``validation_accuracy``, ``validation_auc``.
    """

    network: Any
    history: list[dict[str, float]]

    def scores(self, grey: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return uncalibrated scores, float64 (N,), of uint8 (N, 64, 64) crops."""
        logits = self.network.predict(preprocess(grey), batch_size=256, verbose=0)[:, 0]
        return sigmoid(logits)


def try_training(crops: Crops, epochs: int = 3, seed: int = 1) -> FirstTry:
    """Teach the project's network for a few epochs, judged on the validation people.

    Parameters
    ----------
    crops
        With training and validation people in them.
    epochs
        How many times each picture is seen.
    seed
        Of the weights and the variations.

    Returns
    -------
    FirstTry

    Raises
    ------
    TrainingError
        When TensorFlow is not installed.
    """
    keras = import_keras()
    learners, deciders = crops.part(Split.TRAIN), crops.part(Split.VALIDATION)
    network = build_network(seed)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    network.compile(keras.optimizers.AdamW(_LEARNING_RATE), loss)
    tried = FirstTry(network, [])
    for epoch in range(epochs):
        rng = np.random.default_rng((seed, epoch))
        order = rng.permutation(len(learners))
        varied = preprocess(augment(learners.grey[order], rng))
        fitted = network.fit(varied, learners.target[order], batch_size=_BATCH, verbose=0)
        scores = tried.scores(deciders.grey)
        tried.history.append(
            {
                "epoch": epoch + 1,
                "loss": float(fitted.history["loss"][0]),
                "validation_accuracy": accuracy_at(scores, deciders.smile, 0.5),
                "validation_auc": area_under_curve(scores, deciders.smile),
            }
        )
    return tried
