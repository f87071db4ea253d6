"""Run an int8 model file as the service does, so that the metrics are those of the shipped file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile_vision.interpreter import load_interpreter
from smile_vision.smiles.classifier import OUTPUTS, smile_logits
from smile_vision.smiles.crop_network import CropNetwork

__all__ = ["int8_logits", "logit_range", "logit_step"]

_INT8 = np.iinfo(np.int8)


def int8_logits(
    model: Path, crops: NDArray[np.uint8], outputs: int = OUTPUTS
) -> NDArray[np.float64]:
    """Return the logits of a smile, or of a face, from an int8 model file.

    Parameters
    ----------
    model
        Full-int8 TFLite file of the smile classifier or of the face check.
    crops
        uint8 (N, 64, 64).
    outputs
        Number of its logits: 1 for the face check.

    Returns
    -------
    NDArray[np.float64]
        (N,), multiples of `logit_step`.
    """
    network = CropNetwork(load_interpreter(model), model.name, outputs)
    return smile_logits(network.logits(crops)).astype(np.float64)


def logit_step(model: Path) -> float:
    """Return the quantisation step of the output."""
    return _output_quantization(model)[0]


def logit_range(model: Path) -> tuple[float, float]:
    """Return the smallest and the largest logit that the file can output."""
    step, zero_point = _output_quantization(model)
    return (_INT8.min - zero_point) * step, (_INT8.max - zero_point) * step


def _output_quantization(model: Path) -> tuple[float, int]:
    scale, zero_point = load_interpreter(model).get_output_details()[0]["quantization"]
    return float(scale), int(zero_point)
