"""The model cards: how to read the output of a model, and the checksum of its file."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smile_vision.errors import ModelError

__all__ = ["FaceCheckCard", "ModelCard", "ModelFile"]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The file of a model.

    Parameters
    ----------
    name, file
        Name of the model, and of its file beside the model card.
    sha256
        Checksum of the file, hexadecimal.
    """

    name: str
    file: str
    sha256: str

    def read(self, folder: Path) -> bytes:
        """Return the content of the file.

        Parameters
        ----------
        folder
            The folder of the model card.

        Raises
        ------
        ModelError
            The file cannot be read, or does not have the checksum of the model card.
        """
        try:
            content = (folder / self.file).read_bytes()
        except OSError as error:
            raise ModelError(f"{self.file} cannot be read: {error.strerror}") from error
        self.check(content)
        return content

    def check(self, content: bytes) -> None:
        """Raise `ModelError` unless a model file has the checksum of this model card.

        Parameters
        ----------
        content
            Content of the model file.
        """
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.sha256:
            raise ModelError(
                f"{self.file} does not match its model card: expected sha256 {self.sha256}, "
                f"got {digest}"
            )


@dataclass(frozen=True, slots=True)
class ModelCard(ModelFile):
    """The values of the smile model's card that the service needs.

    Parameters
    ----------
    calibration_scale, calibration_bias
        ``smile_score = sigmoid(scale * logit + bias)``; the scale is above 0.
    threshold
        A face in a photo smiles from this score on, 0 to 1, both exclusive.
    threshold_on, threshold_off
        In a video a smile starts at the first score and ends below the second one.
    mouth_threshold
        A mouth can be seen from this score on; below it, the face has no smile score.
    """

    calibration_scale: float
    calibration_bias: float
    threshold: float
    threshold_on: float
    threshold_off: float
    mouth_threshold: float

    @classmethod
    def load(cls, path: Path) -> ModelCard:
        """Read a model card.

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
            The file cannot be read or is not a JSON object, or a field is missing or invalid.
        """
        data = _read(path)
        calibration = _field(data, "calibration", dict)
        return cls(
            **_file_fields(data),
            calibration_scale=_positive(calibration, "scale"),
            calibration_bias=_number(calibration, "bias"),
            threshold=_probability(data, "threshold"),
            threshold_on=_probability(data, "threshold_on"),
            threshold_off=_probability(data, "threshold_off"),
            mouth_threshold=_probability(data, "mouth_threshold"),
        )


@dataclass(frozen=True, slots=True)
class FaceCheckCard(ModelFile):
    """The values of the face check's card.

    Parameters
    ----------
    threshold
        A crop shows a face from this score on, 0 to 1, both exclusive.
    """

    threshold: float

    @classmethod
    def load(cls, path: Path) -> FaceCheckCard:
        """Read a model card.

        Parameters
        ----------
        path
            The JSON file.

        Returns
        -------
        FaceCheckCard

        Raises
        ------
        ModelError
            The file cannot be read or is not a JSON object, or a field is missing or invalid.
        """
        data = _read(path)
        return cls(**_file_fields(data), threshold=_probability(data, "threshold"))


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{path.name} is not valid JSON: {error}") from error
    if not isinstance(data, dict):
        raise ModelError(f"{path.name}: expected a JSON object")
    return data


def _file_fields(data: Mapping[str, Any]) -> dict[str, str]:
    if _field(data, "output", str) != "logit":
        raise ModelError(f"output: expected 'logit' in the model card, got {data['output']!r}")
    return {name: _field(data, name, str) for name in ("name", "file", "sha256")}


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
        raise ModelError(
            f"{name}: expected a number between 0 and 1 in the model card, got {value}"
        )
    return value
