"""The network: a small 3x3 convolutional network from 64x64 grey to a row of logits."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from smile_vision.smiles.classifier import OUTPUTS
from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.errors import TrainingError
from training.model.targets import known_crossentropy
from training.workspace import display_path

__all__ = [
    "LAYERS",
    "Layers",
    "build_folded_network",
    "build_network",
    "count_multiply_adds",
    "import_keras",
    "load_network",
    "quiet_stderr",
]

Layers = tuple[tuple[int, int], ...]

# (channels, stride) of each 3x3 convolution. No depthwise convolutions: they are slow in one of
# the two interpreters that run the model.
LAYERS = ((16, 2), (32, 2), (32, 1), (32, 1), (48, 2), (48, 1), (64, 1), (64, 2))
DROPOUT = 0.3  # of the features
NORMALISATION_MOMENTUM = 0.95  # of batch normalisation's running statistics

_STDERR = 2  # file descriptor


def import_keras() -> Any:
    """Return the module ``keras``, without TensorFlow's start-up messages.

    The import is late because it takes seconds, and because the environments of the product and
    of the tests do not contain TensorFlow.

    Raises
    ------
    TrainingError
        When TensorFlow is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet_stderr():
            import keras  # noqa: PLC0415
            import tensorflow as tf  # noqa: PLC0415

            tf.get_logger().setLevel("ERROR")
            tf.config.list_physical_devices()  # prints a message when there is no GPU
    except ModuleNotFoundError as error:
        raise TrainingError(
            f"{error.name} is not installed here: use make train, or .venv-train/bin/python"
        ) from error
    return keras


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Discard stderr, because TensorFlow's native code has no switch for its first messages.

    Exceptions are not affected.
    """
    sys.stderr.flush()  # in a notebook, sys.stderr is not the descriptor of the native code
    kept = os.dup(_STDERR)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path
        os.dup2(nowhere.fileno(), _STDERR)
    try:
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)


def build_network(seed: int, layers: Layers = LAYERS, outputs: int = OUTPUTS) -> Any:
    """Return the untrained Keras model.

    Parameters
    ----------
    seed
        Of the initial weights and the dropout.
    layers
        (channels, stride) of each 3x3 convolution.
    outputs
        Number of logits.

    Returns
    -------
    Any
        keras.Model from float32 (N, 64, 64, 1) in [-1, 1) to float32 (N, outputs).
    """
    return _build(seed, layers, outputs, normalised=True)


def build_folded_network(seed: int) -> Any:
    """Return the same model without batch normalisation, whose scale and shift fold into weights.

    Parameters
    ----------
    seed
        Of the initial weights and the dropout.
    """
    return _build(seed, LAYERS, OUTPUTS, normalised=False)


def _build(seed: int, layers: Layers, outputs: int, *, normalised: bool) -> Any:
    keras = import_keras()
    keras.utils.set_random_seed(seed)
    features = inputs = keras.Input((CROP_SIZE_PX, CROP_SIZE_PX, 1))
    for channels, stride in layers:
        features = keras.layers.Conv2D(
            channels,
            3,
            stride,
            padding="same",
            use_bias=not normalised,
            kernel_initializer="he_normal",
        )(features)
        if normalised:
            features = keras.layers.BatchNormalization(momentum=NORMALISATION_MOMENTUM)(features)
        features = keras.layers.ReLU()(features)
    features = keras.layers.Flatten()(features)
    features = keras.layers.Dropout(DROPOUT)(features)
    return keras.Model(inputs, keras.layers.Dense(outputs)(features))


def load_network(path: Path, *, made_by: str) -> Any:
    """Read a Keras model.

    Parameters
    ----------
    path
        The ``.keras`` file.
    made_by
        The command that writes it, for the error message.

    Raises
    ------
    TrainingError
        When the file is missing or damaged; the message names the command to run.
    """
    keras = import_keras()
    try:
        losses = {known_crossentropy.__name__: known_crossentropy}
        return keras.models.load_model(path, custom_objects=losses)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        state = "damaged" if path.exists() else "missing"
        raise TrainingError(f"{display_path(path)} is {state}: run {made_by}") from error


def count_multiply_adds(layers: Layers = LAYERS, outputs: int = OUTPUTS) -> int:
    """Return the multiply-add operations per face (two floating-point operations each)."""
    side, channels_in, total = CROP_SIZE_PX, 1, 0
    for channels, stride in layers:
        side //= stride
        total += side * side * 9 * channels_in * channels
        channels_in = channels
    return total + side * side * channels_in * outputs
