"""The smile score of a cropped face."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import ImageError, ModelError
from smile_vision.interpreter import Interpreter, load_interpreter
from smile_vision.smiles.model_card import ModelCard
from smile_vision.smiles.preprocess import CROP_SIZE_PX, normalize_lighting, preprocess

__all__ = ["MODEL_CARD_PATH", "SmileClassifier"]

MODEL_CARD_PATH = Path(__file__).parent.parent / "models" / "smile_classifier.json"

_INPUT_SHAPE = (1, CROP_SIZE_PX, CROP_SIZE_PX, 1)


class SmileClassifier:
    """A smile model with its model card.

    Only one thread may use an instance at a time.

    Parameters
    ----------
    interpreter
        The loaded network: one crop in, one logit out; quantized or float.
    model_card
        Its model card.
    flip
        Average the logits of each crop and its mirror image: slightly better, twice the time.
    """

    def __init__(
        self, interpreter: Interpreter, model_card: ModelCard, *, flip: bool = False
    ) -> None:
        self.model_card = model_card
        self.flip = flip
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]
        self._output = interpreter.get_output_details()[0]
        shape = tuple(int(side) for side in self._input["shape"])
        if shape != _INPUT_SHAPE:
            raise ModelError(f"{model_card.file}: expected input {_INPUT_SHAPE}, got {shape}")
        self._takes_grey_levels = self._input["dtype"] == np.int8 and tuple(
            self._input["quantization"]
        ) == (1 / 128, 0)
        if int(np.prod(self._output["shape"])) != 1:
            raise ModelError(f"{model_card.file}: expected one logit as output")

    @classmethod
    def load(
        cls, model_card_path: Path = MODEL_CARD_PATH, *, flip: bool = False
    ) -> SmileClassifier:
        """Load a model with its model card.

        Parameters
        ----------
        model_card_path
            The model card, a JSON file beside the model; by default that of the shipped model.
        flip
            See the class.

        Returns
        -------
        SmileClassifier

        Raises
        ------
        ModelError
            The model card or the model is missing or invalid, or they do not match.
        InterpreterError
            No interpreter is installed.
        """
        model_card = ModelCard.load(model_card_path)
        try:
            content = (model_card_path.parent / model_card.file).read_bytes()
        except OSError as error:
            raise ModelError(f"{model_card.file} cannot be read: {error.strerror}") from error
        model_card.check(content)
        return cls(load_interpreter(content), model_card, flip=flip)

    def smile_scores(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the smile scores of cropped faces.

        Parameters
        ----------
        crops
            uint8 (N, 64, 64), from `crop_face`.

        Returns
        -------
        ndarray
            float32 (N,), calibrated probabilities of a smile, 0 to 1.

        Raises
        ------
        ImageError
            ``crops`` is not such an array.
        """
        inputs = self._inputs(crops)
        logits = self._run(inputs)
        if self.flip:
            logits = np.float32(0.5) * (logits + self._run(inputs[:, :, ::-1]))
        return self._calibrated(logits)

    @property
    def largest_score(self) -> float:
        """The largest score that the network can give: a quantized logit has a maximum."""
        dtype = self._output["dtype"]
        if not np.issubdtype(dtype, np.integer):
            return 1.0
        top = np.array([np.iinfo(dtype).max], dtype=dtype)
        return self._calibrated(_dequantized(top, self._output)).item()

    def _calibrated(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = self.model_card.calibration_scale * logits + self.model_card.calibration_bias
        return np.asarray(1 / (1 + np.exp(-scaled)), dtype=np.float32)

    def logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the network's logits, without calibration or mirror image.

        Parameters
        ----------
        crops
            uint8 (N, 64, 64).

        Returns
        -------
        ndarray
            float32 (N,).

        Raises
        ------
        ImageError
            ``crops`` is not such an array.
        """
        return self._run(self._inputs(crops))

    def _inputs(self, crops: NDArray[np.uint8]) -> NDArray[Any]:
        """Return the network's input, (N, 64, 64, 1) in its own type."""
        try:
            if self._takes_grey_levels:  # same result as below, without floats
                return (normalize_lighting(crops) ^ np.uint8(128)).view(np.int8)[..., np.newaxis]
            return _quantized(preprocess(crops), self._input)
        except ValueError as error:
            raise ImageError(str(error)) from error

    def _run(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        outputs = np.empty(len(inputs), dtype=np.float32)
        for i, one in enumerate(inputs):
            self._interpreter.set_tensor(self._input["index"], one[np.newaxis])
            self._interpreter.invoke()
            raw = self._interpreter.get_tensor(self._output["index"])
            outputs[i] = _dequantized(raw, self._output).item()
        return outputs


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
