"""Step 3: turn the trained network into one full-int8 TFLite file.

    python -m training.quantize

Reads build/training/run/trained.keras, writes smile_classifier.tflite beside it. Takes 10 s.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from smile_vision.smiles.preprocess import CROP_SIZE_PX, preprocess
from training.data.crops import Crops
from training.data.splits import Split
from training.errors import TrainingError, run_command
from training.model.augment import augment
from training.model.network import import_keras, load_network, quiet_stderr
from training.train import RUN, TRAINED
from training.workspace import CROPS, MODEL, display_path, write_atomically

__all__ = ["QUANTIZED", "main"]

REPRESENTATIVE = 500  # crops (each plain and varied) that set the int8 ranges
LARGEST_FILE_BYTES = 200_000

QUANTIZED = RUN / MODEL.name


def representative_inputs(crops: Crops) -> Iterator[list[Any]]:
    """Yield what the network meets in service, and all grey levels, one crop at a time."""
    ramp = np.arange(CROP_SIZE_PX * CROP_SIZE_PX).reshape(1, CROP_SIZE_PX, CROP_SIZE_PX)
    yield [preprocess((ramp % 256).astype(np.uint8))]
    rng = np.random.default_rng(0)
    chosen = crops.grey[rng.permutation(len(crops))[:REPRESENTATIVE]]
    for crop in preprocess(np.concatenate([chosen, augment(chosen, rng)])):
        yield [crop[np.newaxis]]


def convert(network: Any, crops: Crops) -> bytes:
    """Return the full-int8 TFLite file of a Keras model: int8 in, one int8 logit out.

    The model is frozen first: straight from Keras 3, TensorFlow 2.21 writes a file that fails
    with READ_VARIABLE.
    """
    import_keras()  # silences TensorFlow
    import tensorflow as tf  # noqa: PLC0415
    from tensorflow.python.framework.convert_to_constants import (  # noqa: PLC0415
        convert_variables_to_constants_v2,
    )

    shape = (1, CROP_SIZE_PX, CROP_SIZE_PX, 1)
    traced = tf.function(lambda crop: network(crop, training=False)).get_concrete_function(
        tf.TensorSpec(shape, tf.float32)
    )
    frozen = convert_variables_to_constants_v2(traced)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: representative_inputs(crops)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    # It warns of missing input statistics, which the crops provide, and lists its settings.
    with warnings.catch_warnings(), quiet_stderr():
        warnings.simplefilter("ignore")
        return bytes(converter.convert())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step from the command line."""
    argparse.ArgumentParser(
        prog="python -m training.quantize",
        description="Turn the trained network into one full-int8 TFLite file.",
    ).parse_args(arguments)
    crops = Crops.load(CROPS).part(Split.TRAIN)
    content = convert(load_network(TRAINED, made_by="python -m training.train"), crops)
    if len(content) >= LARGEST_FILE_BYTES:
        raise TrainingError(f"the int8 file has {len(content):,} bytes: expected < 200,000")
    write_atomically(QUANTIZED, content)
    print(f"{display_path(QUANTIZED)}: {len(content):,} bytes")


if __name__ == "__main__":
    run_command(main)
