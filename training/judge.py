"""Runs the int8 file itself: the figures are those of the file that ships, not of Keras."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from smile_vision.interpreter import load_interpreter
from smile_vision.preprocess import preprocess

__all__ = ["int8_logits", "logit_range"]

_INT8 = np.iinfo(np.int8)


def int8_logits(model: Path, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the logits that the int8 model file gives.

    Parameters
    ----------
    model
        Full-int8 TFLite file with one input (1, 64, 64, 1) and one output value.
    crops
        uint8 (N, 64, 64).

    Returns
    -------
    NDArray[np.float64]
        (N,), multiples of the output's quantisation step.
    """
    interpreter = load_interpreter(model)
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = source["quantization"]
    quantised = np.rint(preprocess(crops) / scale) + zero_point
    inputs = np.clip(quantised, _INT8.min, _INT8.max).astype(np.int8)
    answers = np.empty(len(crops))
    for row, crop in enumerate(inputs):
        interpreter.set_tensor(source["index"], crop[np.newaxis])
        interpreter.invoke()
        answers[row] = np.asarray(interpreter.get_tensor(result["index"])).item()
    scale, zero_point = result["quantization"]
    return (answers - zero_point) * float(scale)


def logit_range(model: Path) -> tuple[float, float]:
    """Return the smallest and the largest logit that the file can give."""
    scale, zero_point = load_interpreter(model).get_output_details()[0]["quantization"]
    return (_INT8.min - zero_point) * float(scale), (_INT8.max - zero_point) * float(scale)
