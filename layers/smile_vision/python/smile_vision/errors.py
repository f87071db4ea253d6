"""What can go wrong between a photo and its verdict."""

from __future__ import annotations

__all__ = ["ImageError", "InterpreterError", "ModelError", "VisionError", "WeightsError"]


class VisionError(Exception):
    """Base of every error that this package raises on purpose."""


class InterpreterError(VisionError):
    """No TensorFlow Lite interpreter is installed, or it refused the model."""


class WeightsError(VisionError):
    """The face detector's weights are missing or are not the ones this code was written for."""


class ModelError(VisionError):
    """The smile classifier's file or card is missing, altered or of another kind."""


class ImageError(VisionError):
    """An image cannot be read, or an array is not an image of the expected kind."""
