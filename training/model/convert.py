"""Convert a Keras model to a full-int8 TFLite file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from smile_vision.smiles.preprocess import CROP_SIZE_PX, preprocess
from training.data.crops import Crops
from training.model.augment import augment
from training.model.network import import_keras, quiet_stderr

__all__ = ["convert", "frozen_converter", "representative_inputs"]

REPRESENTATIVE_CROPS = 500  # each as it is and augmented; they set the int8 ranges


def representative_inputs(crops: Crops) -> Iterator[list[Any]]:
    """Yield typical network inputs, one crop at a time; the first contains all grey levels."""
    ramp = np.arange(CROP_SIZE_PX * CROP_SIZE_PX).reshape(1, CROP_SIZE_PX, CROP_SIZE_PX)
    yield [preprocess((ramp % 256).astype(np.uint8))]
    rng = np.random.default_rng(0)
    chosen = crops.grey[rng.permutation(len(crops))[:REPRESENTATIVE_CROPS]]
    for crop in preprocess(np.concatenate([chosen, augment(chosen, rng)])):
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
    """Return the full-int8 TFLite file of a Keras model: int8 input, one int8 logit.

    Parameters
    ----------
    network
        keras.Model from float32 (N, 64, 64, 1) to float32 (N, 1).
    crops
        Representative crops, see `representative_inputs`.
    """
    converter = frozen_converter(network, (1, CROP_SIZE_PX, CROP_SIZE_PX, 1))
    import tensorflow as tf  # noqa: PLC0415

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: representative_inputs(crops)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    # It warns about missing input statistics, which the crops provide, and lists its settings.
    with warnings.catch_warnings(), quiet_stderr():
        warnings.simplefilter("ignore")
        return bytes(converter.convert())
