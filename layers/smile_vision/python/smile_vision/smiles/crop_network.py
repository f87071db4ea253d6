"""A network from the crop of a face to a row of logits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import ImageError, ModelError
from smile_vision.interpreter import Interpreter
from smile_vision.smiles.preprocess import CROP_SIZE_PX, normalize_lighting, preprocess

__all__ = ["CropNetwork", "sigmoid"]

_INPUT_SHAPE = (1, CROP_SIZE_PX, CROP_SIZE_PX, 1)


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities of logits, float32 of the same shape."""
    return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)


class CropNetwork:
    """Prepares crops, runs the network and reads its logits.

    Only one thread may use an instance at a time.

    Parameters
    ----------
    interpreter
        The loaded network: one crop in, a row of logits out; quantized or float.
    name
        Of the model's file, for error messages.
    outputs
        Number of its logits.

    Raises
    ------
    ModelError
        The network has another input or output.
    """

    def __init__(self, interpreter: Interpreter, name: str, outputs: int) -> None:
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]
        self._output = interpreter.get_output_details()[0]
        shape = tuple(int(side) for side in self._input["shape"])
        if shape != _INPUT_SHAPE:
            raise ModelError(f"{name}: expected input {_INPUT_SHAPE}, got {shape}")
        self._takes_grey_levels = self._input["dtype"] == np.int8 and tuple(
            self._input["quantization"]
        ) == (1 / 128, 0)
        shape = tuple(int(side) for side in self._output["shape"])
        if shape != (1, outputs):
            raise ModelError(f"{name}: expected output {(1, outputs)}, got {shape}")
        self._outputs = outputs

    @property
    def largest_logit(self) -> NDArray[np.float32]:
        """The largest logit that the network can give, (1,); infinite if it is not quantized."""
        dtype = self._output["dtype"]
        if not np.issubdtype(dtype, np.integer):
            return np.array([np.inf], dtype=np.float32)
        top = np.array([np.iinfo(dtype).max], dtype=dtype)
        return _dequantized(top, self._output)

    def logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the logits, float32 (N, K), of crops, uint8 (N, 64, 64).

        Raises
        ------
        ImageError
            ``crops`` is not such an array.
        """
        return self.run(self.inputs(crops))

    def inputs(self, crops: NDArray[np.uint8]) -> NDArray[Any]:
        """Return the network's input, (N, 64, 64, 1) in its own type.

        Raises
        ------
        ImageError
            ``crops`` is not uint8 (N, 64, 64).
        """
        try:
            if self._takes_grey_levels:  # same result as below, without floats
                return (normalize_lighting(crops) ^ np.uint8(128)).view(np.int8)[..., np.newaxis]
            return _quantized(preprocess(crops), self._input)
        except ValueError as error:
            raise ImageError(str(error)) from error

    def run(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Return the logits, float32 (N, K), of what `inputs` returned."""
        rows = np.empty((len(inputs), self._outputs), dtype=self._output["dtype"])
        for i, one in enumerate(inputs):
            self._interpreter.set_tensor(self._input["index"], one[np.newaxis])
            self._interpreter.invoke()
            rows[i] = self._interpreter.get_tensor(self._output["index"])[0]
        return _dequantized(rows, self._output)


def _quantized(values: NDArray[np.float32], details: dict[str, Any]) -> NDArray[Any]:
    """Quantize as the tensor says: ``round(value / scale) + zero_point``, clipped."""
    dtype = details["dtype"]
    if not np.issubdtype(dtype, np.integer):
        return values.astype(dtype, copy=False)
    scale, zero_point = details["quantization"]
    limits = np.iinfo(dtype)
    levels = np.rint(values / np.float32(scale)) + zero_point
    quantized: NDArray[Any] = levels.clip(limits.min, limits.max).astype(dtype)
    return quantized


def _dequantized(values: NDArray[Any], details: dict[str, Any]) -> NDArray[np.float32]:
    if not np.issubdtype(details["dtype"], np.integer):
        return values.astype(np.float32)
    scale, zero_point = details["quantization"]
    real: NDArray[np.float32] = (values.astype(np.float32) - zero_point) * np.float32(scale)
    return real
