"""What is written beside a model file: how to read its output, and that it is the right file."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smile_vision.errors import ModelError

__all__ = ["ModelCard"]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The facts of a model card that the service needs.

    Parameters
    ----------
    name, file
        The model's name and the file it is kept in.
    sha256
        Of the file, hexadecimal.
    calibration_scale, calibration_bias
        ``smile_score = sigmoid(scale * logit + bias)``; the scale is above 0.
    threshold
        A single picture smiles when its score is at least this, 0-1.
    threshold_on, threshold_off
        In a video a smile starts at the first and ends below the second, 0-1.
    """

    name: str
    file: str
    sha256: str
    calibration_scale: float
    calibration_bias: float
    threshold: float
    threshold_on: float
    threshold_off: float

    @classmethod
    def load(cls, path: Path) -> ModelCard:
        """Read a card.

        Parameters
        ----------
        path
            The JSON file.

        Returns
        -------
        ModelCard

        Raises
        ------
        ModelError
            The file cannot be read, is no JSON object, or a field is missing or out of range.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ModelError(f"{path.name} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise ModelError(f"{path.name} is no JSON: {error}") from error
        if not isinstance(data, dict):
            raise ModelError(f"{path.name}: expected a JSON object")
        calibration = _field(data, "calibration", dict)
        if _field(data, "output", str) != "logit":
            raise ModelError(f"output: expected 'logit', got {data['output']!r}")
        return cls(
            name=_field(data, "name", str),
            file=_field(data, "file", str),
            sha256=_field(data, "sha256", str),
            calibration_scale=_positive(calibration, "scale"),
            calibration_bias=_number(calibration, "bias"),
            threshold=_probability(data, "threshold"),
            threshold_on=_probability(data, "threshold_on"),
            threshold_off=_probability(data, "threshold_off"),
        )

    def check(self, content: bytes) -> None:
        """Make sure that this card describes a model file.

        Parameters
        ----------
        content
            The model file's bytes.

        Raises
        ------
        ModelError
            The sha256 differs.
        """
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.sha256:
            raise ModelError(
                f"{self.file} does not match its card: expected sha256 {self.sha256}, "
                f"found {digest}"
            )


def _field(data: Mapping[str, Any], name: str, kind: type) -> Any:
    value = data.get(name)
    if not isinstance(value, kind):
        raise ModelError(f"{name}: expected {kind.__name__} in the model card, got {value!r}")
    return value


def _number(data: Mapping[str, Any], name: str) -> float:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ModelError(f"{name}: expected a number in the model card, got {value!r}")
    return float(value)


def _positive(data: Mapping[str, Any], name: str) -> float:
    value = _number(data, name)
    if value <= 0:
        raise ModelError(f"{name}: expected a number above 0 in the model card, got {value}")
    return value


def _probability(data: Mapping[str, Any], name: str) -> float:
    value = _number(data, name)
    if not 0 < value < 1:
        raise ModelError(f"{name}: expected a number between 0 and 1, got {value}")
    return value
