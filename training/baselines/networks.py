"""The two networks to compare with, as their sources print them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from training.model.network import import_keras

__all__ = ["BASELINES", "DEEPLENS_CNN", "LENET", "Baseline"]


@dataclass(frozen=True)
class Baseline:
    """A network to compare with, and its training settings.

    Attributes
    ----------
    name, title
        Key in metrics.json; name in the report.
    side_px, channels
        Of its square input. Three channels repeat the grey one.
    epochs, batch, learning_rate
        For Adam. The learning rate falls along a cosine from epoch to epoch.
    build
        Returns the untrained Keras model with one logit as output.
    origin
        Where the architecture comes from.
    """

    name: str
    title: str
    side_px: int
    channels: int
    epochs: int
    batch: int
    learning_rate: float
    build: Callable[[], Any]
    origin: str


def _deeplens_cnn() -> Any:
    """Return the CNN of the original DeepLens project: 3,453,121 parameters."""
    keras = import_keras()
    layers = keras.layers
    network = [keras.Input((150, 150, 3))]
    for channels in (32, 64, 128, 128):
        network += [layers.Conv2D(channels, 3, activation="relu"), layers.MaxPooling2D(2)]
    network += [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(1)]
    return keras.Sequential(network)


def _lenet() -> Any:
    """Return a LeNet with 20 and 50 filters of 5x5 and 500 units: 1,626,571 parameters."""
    keras = import_keras()
    layers = keras.layers
    network = [keras.Input((32, 32, 1))]
    for channels in (20, 50):
        network += [
            layers.Conv2D(channels, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
        ]
    network += [layers.Flatten(), layers.Dense(500, activation="relu"), layers.Dense(1)]
    return keras.Sequential(network)


DEEPLENS_CNN = Baseline(
    name="deeplens_cnn",
    title="CNN of the original DeepLens project, 3.45 M parameters",
    side_px=150,
    channels=3,
    epochs=5,  # half an hour on two cores
    batch=32,
    learning_rate=1e-3,
    build=_deeplens_cnn,
    origin="Chollet, Deep Learning with Python, listing 5.5; made for whole pictures",
)
LENET = Baseline(
    name="lenet",
    title="LeNet, 32 x 32 px",
    side_px=32,
    channels=1,
    epochs=15,  # as in the tutorials
    batch=64,
    learning_rate=1e-3,
    build=_lenet,
    origin="after LeCun et al. 1998, with more filters, as tutorials on smiles print it",
)
BASELINES = (LENET, DEEPLENS_CNN)
