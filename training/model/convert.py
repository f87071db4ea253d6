"""Convert a Keras model to a full-int8 TFLite file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.preprocess import CROP_SIZE_PX, preprocess
from training.data.crops import Crops
from training.model.augment import augment
from training.model.network import import_keras, quiet_stderr

__all__ = ["convert", "convert_for", "frozen_converter", "inputs_of", "representative_inputs"]

REPRESENTATIVE_CROPS = 500  # each as it is and augmented; they set the int8 ranges


def representative_inputs(crops: Crops) -> Iterator[list[Any]]:
    """Yield typical inputs of the smile network: crops as they are and augmented."""
    rng = np.random.default_rng(0)
    chosen = crops.grey[rng.permutation(len(crops))[:REPRESENTATIVE_CROPS]]
    return inputs_of(np.concatenate([chosen, augment(chosen, rng)]))


def inputs_of(crops: NDArray[np.uint8]) -> Iterator[list[Any]]:
    """Yield the network's inputs, one crop at a time; the first contains all grey levels.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64).
    """
    ramp = np.arange(CROP_SIZE_PX * CROP_SIZE_PX).reshape(1, CROP_SIZE_PX, CROP_SIZE_PX)
    yield [preprocess((ramp % 256).astype(np.uint8))]
    for crop in preprocess(crops):
        yield [crop[np.newaxis]]


def frozen_converter(network: Any, shape: tuple[int, ...]) -> Any:
    """Return a TFLite converter of a Keras model whose variables are frozen to constants.

    Without freezing, TensorFlow 2.21 writes a file from Keras 3 that fails with READ_VARIABLE.

    Parameters
    ----------
    network
        keras.Model.
    shape
        Of the input, batch dimension included.
    """
    import_keras()  # silences TensorFlow
    import tensorflow as tf  # noqa: PLC0415
    from tensorflow.python.framework.convert_to_constants import (  # noqa: PLC0415
        convert_variables_to_constants_v2,
    )

    traced = tf.function(lambda crop: network(crop, training=False)).get_concrete_function(
        tf.TensorSpec(shape, tf.float32)
    )
    frozen = convert_variables_to_constants_v2(traced)
    return tf.lite.TFLiteConverter.from_concrete_functions([frozen], network)


def convert(network: Any, crops: Crops) -> bytes:
    """Return the full-int8 TFLite file of a smile network.

    Parameters
    ----------
    network
        keras.Model from float32 (N, 64, 64, 1) to float32 (N, 2).
    crops
        Representative crops, see `representative_inputs`.
    """
    return convert_for(network, lambda: representative_inputs(crops))


def convert_for(network: Any, representative: Callable[[], Iterator[list[Any]]]) -> bytes:
    """Return the full-int8 TFLite file of a Keras model: int8 input, int8 logits.

    Parameters
    ----------
    network
        keras.Model from float32 (N, 64, 64, 1) to float32 (N, K).
    representative
        Returns typical inputs, which set the int8 ranges: see `inputs_of`.
    """
    converter = frozen_converter(network, (1, CROP_SIZE_PX, CROP_SIZE_PX, 1))
    import tensorflow as tf  # noqa: PLC0415

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    # It warns about missing input statistics, which the crops provide, and lists its settings.
    with warnings.catch_warnings(), quiet_stderr():
        warnings.simplefilter("ignore")
        return bytes(converter.convert())
