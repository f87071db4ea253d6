"""The smile score of a cropped face, and whether its mouth can be seen."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smile_vision.interpreter import Interpreter, load_interpreter
from smile_vision.smiles.crop_network import CropNetwork, sigmoid
from smile_vision.smiles.model_card import ModelCard

__all__ = [
    "MODEL_CARD_PATH",
    "OUTPUTS",
    "Classified",
    "SmileClassifier",
    "mouth_logits",
    "smile_logits",
]

MODEL_CARD_PATH = Path(__file__).parent.parent / "models" / "smile_classifier.json"

OUTPUTS = 3
"""Logits of the network: of a smile, of a visible mouth, and of an open mouth."""

_SMILE, _VISIBLE, _OPEN = range(OUTPUTS)


class Classified(NamedTuple):
    """What the network says of N crops.

    Attributes
    ----------
    smile_scores
        float32 (N,), calibrated probabilities of a smile, 0 to 1. They mean nothing where the
        mouth cannot be seen.
    is_mouth_visible
        bool (N,).
    mouth_openness
        float32 (N,), the probability that teeth can be seen or the lips are apart, 0 to 1.
    """

    smile_scores: NDArray[np.float32]
    is_mouth_visible: NDArray[np.bool_]
    mouth_openness: NDArray[np.float32]


def smile_logits(outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logits of a smile, (N,), from the network's outputs, (N, 3)."""
    return outputs[:, _SMILE]


def mouth_logits(outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logits of a visible and of an open mouth, (N, 2), from outputs, (N, 3)."""
    return outputs[:, _VISIBLE:]


class SmileClassifier:
    """A smile model with its model card.

    Only one thread may use an instance at a time.

    Parameters
    ----------
    interpreter
        The loaded network: one crop in, `OUTPUTS` logits out; quantized or float.
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
        self._network = CropNetwork(interpreter, model_card.file, OUTPUTS)

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
        content = model_card.read(model_card_path.parent)
        return cls(load_interpreter(content), model_card, flip=flip)

    def classify(self, crops: NDArray[np.uint8]) -> Classified:
        """Return the smile scores of cropped faces, and which mouths can be seen, in one pass.

        Parameters
        ----------
        crops
            uint8 (N, 64, 64), from `crop_face`.

        Raises
        ------
        ImageError
            ``crops`` is not such an array.
        """
        inputs = self._network.inputs(crops)
        logits = self._network.run(inputs)
        if self.flip:
            logits = np.float32(0.5) * (logits + self._network.run(inputs[:, :, ::-1]))
        visible, openness = sigmoid(mouth_logits(logits)).T
        return Classified(
            self._calibrated(smile_logits(logits)),
            visible >= self.model_card.mouth_threshold,
            openness,
        )

    def smile_scores(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the smile scores of cropped faces, whether or not their mouths can be seen.

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
        return self.classify(crops).smile_scores

    @property
    def largest_score(self) -> float:
        """The largest score that the network can give: a quantized logit has a maximum."""
        return self._calibrated(self._network.largest_logit).item()

    def _calibrated(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        return sigmoid(
            self.model_card.calibration_scale * logits + self.model_card.calibration_bias
        )

    def logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the network's logits, without calibration or mirror image.

        Parameters
        ----------
        crops
            uint8 (N, 64, 64).

        Returns
        -------
        ndarray
            float32 (N, 3): see `OUTPUTS`.

        Raises
        ------
        ImageError
            ``crops`` is not such an array.
        """
        return self._network.logits(crops)
