"""Rebuild a trainable network from the shipped int8 file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.interpreter import load_interpreter
from smile_vision.smiles.classifier import smile_logits
from smile_vision.smiles.preprocess import preprocess
from training.errors import TrainingError
from training.evaluation.predict import int8_logits
from training.evaluation.synthetic_faces import synthetic_faces
from training.model.network import build_folded_network

__all__ = ["rebuild_network"]

# Mean difference of the logits on synthetic faces that int8 rounding can explain.
MAX_MEAN_DIFFERENCE = 0.5


def rebuild_network(model: Path, seed: int) -> Any:
    """Return a Keras model with the weights of an int8 file, batch normalisation folded in.

    Parameters
    ----------
    model
        Full-int8 TFLite file that `training.quantize` wrote.
    seed
        Of the dropout.

    Returns
    -------
    Any
        keras.Model from float32 (N, 64, 64, 1) to float32 (N, 2), the logits of a smile and
        of a visible mouth.

    Raises
    ------
    TrainingError
        When the file contains another network.
    """
    network = build_folded_network(seed)
    try:
        network.set_weights(_weights(model))
    except (KeyError, ValueError) as error:
        raise TrainingError(f"{model.name}: not the network of this project ({error})") from error
    faces = synthetic_faces()
    rebuilt = smile_logits(network.predict(preprocess(faces), verbose=0))
    difference = float(np.abs(rebuilt - int8_logits(model, faces)).mean())
    if not difference < MAX_MEAN_DIFFERENCE:
        raise TrainingError(
            f"{model.name}: not the network of this project (logits differ by {difference:.2f})"
        )
    return network


def _weights(model: Path) -> list[NDArray[np.float32]]:
    """Return kernels and biases from input to output, in Keras' order."""
    interpreter: Any = load_interpreter(model)
    tensors = {detail["index"]: detail for detail in interpreter.get_tensor_details()}

    def dequantized(index: int) -> NDArray[np.float32]:
        quantization = tensors[index]["quantization_parameters"]
        scales, axis = quantization["scales"], quantization["quantized_dimension"]
        values = interpreter.get_tensor(index).astype(np.float32)
        shape = np.ones(values.ndim, dtype=int)
        shape[axis] = len(scales)  # one per output channel, or one for all
        return np.asarray(values * scales.reshape(shape), dtype=np.float32)

    # The converter writes constants from output to input, each bias before its kernel.
    kernels = [index for index, detail in tensors.items() if _is_kernel(detail)]
    weights = []
    for index in sorted(kernels, reverse=True):
        kernel = dequantized(index)
        axes = (1, 2, 3, 0) if kernel.ndim > 2 else (1, 0)  # noqa: PLR2004 - convolution or dense
        weights += [kernel.transpose(axes), dequantized(index - 1)]
    return weights


def _is_kernel(detail: dict[str, Any]) -> bool:
    shape = detail["shape"]
    constant = detail["dtype"] is np.int8 and not np.array_equal(shape[:1], [1])
    dense = detail["dtype"] is np.int8 and len(shape) == 2 and "MatMul" in detail["name"]  # noqa: PLR2004
    return bool(constant and len(shape) == 4) or dense  # noqa: PLR2004
