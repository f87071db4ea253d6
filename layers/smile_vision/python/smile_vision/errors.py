"""The errors of this package."""

from __future__ import annotations

__all__ = ["ImageError", "InterpreterError", "ModelError", "VisionError", "WeightsError"]


class VisionError(Exception):
    """Base of every error that this package raises on purpose."""


class InterpreterError(VisionError):
    """No TensorFlow Lite interpreter is installed, or it rejected the model."""


class WeightsError(VisionError):
    """The face detector's weights are missing or differ from the expected ones."""


class ModelError(VisionError):
    """The smile classifier's file or model card is missing, altered or invalid."""


class ImageError(VisionError):
    """An image cannot be read, or an array is not an image of the expected kind."""
