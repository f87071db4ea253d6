"""How much a cropped face smiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import ImageError, ModelError
from smile_vision.interpreter import Interpreter, load_interpreter
from smile_vision.smiles.model_card import ModelCard
from smile_vision.smiles.preprocess import CROP_SIZE_PX, preprocess, usual_light

__all__ = ["CARD_PATH", "SmileClassifier"]

CARD_PATH = Path(__file__).parent.parent / "models" / "smile_classifier.json"

_INPUT_SHAPE = (1, CROP_SIZE_PX, CROP_SIZE_PX, 1)


class SmileClassifier:
    """The shipped network with its card.

    An instance belongs to one thread at a time.

    Parameters
    ----------
    interpreter
        The loaded network: crop in, one logit out; full-integer or float.
    card
        Its card.
    flip
        Average the logits of each crop and its mirror image: a little better, twice the time.
    """

    def __init__(self, interpreter: Interpreter, card: ModelCard, *, flip: bool = False) -> None:
        self.card = card
        self.flip = flip
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]
        self._output = interpreter.get_output_details()[0]
        shape = tuple(int(side) for side in self._input["shape"])
        if shape != _INPUT_SHAPE:
            raise ModelError(f"{card.file}: expected input {_INPUT_SHAPE}, got {shape}")
        self._takes_grey_levels = self._input["dtype"] == np.int8 and tuple(
            self._input["quantization"]
        ) == (1 / 128, 0)
        if int(np.prod(self._output["shape"])) != 1:
            raise ModelError(f"{card.file}: expected one logit as output")

    @classmethod
    def load(
        cls, card_path: Path = CARD_PATH, *, flip: bool = False, num_threads: int = 1
    ) -> SmileClassifier:
        """Load a model by its card; the file lies beside it.

        Parameters
        ----------
        card_path
            The card, a JSON file; by default that of the shipped model.
        flip
            See the class.
        num_threads
            Threads of one inference.

        Returns
        -------
        SmileClassifier

        Raises
        ------
        ModelError
            The card or the file is missing, wrong, or they do not belong together.
        InterpreterError
            There is no interpreter to run it.
        """
        card = ModelCard.load(card_path)
        try:
            content = (card_path.parent / card.file).read_bytes()
        except OSError as error:
            raise ModelError(f"{card.file} cannot be read: {error.strerror}") from error
        card.check(content)
        return cls(load_interpreter(content, num_threads), card, flip=flip)

    def smile_scores(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Judge cropped faces.

        Parameters
        ----------
        crops
            uint8 (N, 64, 64), as `crop_face` makes them.

        Returns
        -------
        ndarray
            float32 (N,), calibrated probabilities of a smile, 0-1.

        Raises
        ------
        ImageError
            ``crops`` is no such array.
        """
        inputs = self._inputs(crops)
        logits = self._run(inputs)
        if self.flip:
            logits = np.float32(0.5) * (logits + self._run(inputs[:, :, ::-1]))
        return self._calibrated(logits)

    @property
    def largest_score(self) -> float:
        """The largest score the network can give: a quantised logit ends at a limit."""
        dtype = self._output["dtype"]
        if not np.issubdtype(dtype, np.integer):
            return 1.0
        top = np.array([np.iinfo(dtype).max], dtype=dtype)
        return self._calibrated(_dequantized(top, self._output)).item()

    def _calibrated(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = self.card.calibration_scale * logits + self.card.calibration_bias
        return np.asarray(1 / (1 + np.exp(-scaled)), dtype=np.float32)

    def logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network, without calibration or mirror image.

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
            ``crops`` is no such array.
        """
        return self._run(self._inputs(crops))

    def _inputs(self, crops: NDArray[np.uint8]) -> NDArray[Any]:
        """Return what the network takes, (N, 64, 64, 1) in its own type."""
        try:
            if self._takes_grey_levels:  # the same as below, without a detour over real numbers
                return (usual_light(crops) ^ np.uint8(128)).view(np.int8)[..., np.newaxis]
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
    """Apply the tensor's own quantisation: ``round(value / scale) + zero_point``, clipped."""
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
