"""A training that is short enough for a notebook, with the project's network and augmentation."""

from __future__ import annotations

from typing import Any

import numpy as np

from smile_vision.smiles.classifier import smile_logits
from smile_vision.smiles.preprocess import preprocess
from training.data.crops import Crops
from training.data.splits import Split
from training.evaluation.metrics import accuracy_at, area_under_curve
from training.model.augment import augment
from training.model.network import build_network, import_keras
from training.model.targets import known_crossentropy, stacked_targets

__all__ = ["train_briefly"]

_BATCH = 64
_LEARNING_RATE = 2e-3


def train_briefly(
    crops: Crops, epochs: int = 3, seed: int = 1
) -> tuple[Any, list[dict[str, float]]]:
    """Train the project's network for a few epochs.

    Parameters
    ----------
    crops
        With a training and a validation set.
    epochs
        How many times each picture is used.
    seed
        For the weights and the augmentation.

    Returns
    -------
    tuple[Any, list[dict[str, float]]]
        The Keras model; for each epoch ``epoch``, ``loss``, ``validation_accuracy`` and
        ``validation_auc``.

    Raises
    ------
    TrainingError
        When TensorFlow is not installed.
    """
    keras = import_keras()
    train_set, validation_set = crops.part(Split.TRAIN), crops.part(Split.VALIDATION)
    network, history = build_network(seed), []
    targets = stacked_targets(train_set.target, train_set.mouth_visible, train_set.mouth_open)
    network.compile(keras.optimizers.AdamW(_LEARNING_RATE), known_crossentropy)
    for epoch in range(epochs):
        varied = preprocess(augment(train_set.grey, np.random.default_rng((seed, epoch))))
        fitted = network.fit(varied, targets, batch_size=_BATCH, verbose=0)
        logits = smile_logits(network.predict(preprocess(validation_set.grey), verbose=0))
        history.append(
            {
                "epoch": epoch + 1,
                "loss": float(fitted.history["loss"][0]),
                "validation_accuracy": accuracy_at(logits, validation_set.smile, 0.0),
                "validation_auc": area_under_curve(logits, validation_set.smile),
            }
        )
    return network, history
