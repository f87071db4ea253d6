"""Whether a crop shows a face at all.

A face detector looks for two dark places above a third one, and takes some buttons, badges and
backs of heads for faces. In the upright crop that `crop_face` cuts, they are easy to tell apart.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smile_vision.interpreter import Interpreter, load_interpreter
from smile_vision.smiles.crop_network import CropNetwork, sigmoid
from smile_vision.smiles.model_card import FaceCheckCard

__all__ = ["FACE_CHECK_CARD_PATH", "FaceCheck"]

FACE_CHECK_CARD_PATH = Path(__file__).parent.parent / "models" / "face_check.json"


class FaceCheck:
    """The face check with its model card.

    Only one thread may use an instance at a time.

    Parameters
    ----------
    interpreter
        The loaded network: one crop in, one logit out.
    model_card
        Its model card.
    """

    def __init__(self, interpreter: Interpreter, model_card: FaceCheckCard) -> None:
        self.model_card = model_card
        self._network = CropNetwork(interpreter, model_card.file, outputs=1)

    @classmethod
    def load(cls, model_card_path: Path = FACE_CHECK_CARD_PATH) -> FaceCheck:
        """Load a model with its model card.

        Parameters
        ----------
        model_card_path
            The model card, a JSON file beside the model; by default that of the shipped model.

        Returns
        -------
        FaceCheck

        Raises
        ------
        ModelError
            The model card or the model is missing or invalid, or they do not match.
        InterpreterError
            No interpreter is installed.
        """
        model_card = FaceCheckCard.load(model_card_path)
        return cls(load_interpreter(model_card.read(model_card_path.parent)), model_card)

    @property
    def threshold(self) -> float:
        """A crop shows a face from this score on."""
        return self.model_card.threshold

    def scores(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return how certainly crops show a face.

        Parameters
        ----------
        crops
            uint8 (N, 64, 64), from `crop_face`.

        Returns
        -------
        ndarray
            float32 (N,), 0 to 1.

        Raises
        ------
        ImageError
            ``crops`` is not such an array.
        """
        return sigmoid(self._network.logits(crops)[:, 0])
