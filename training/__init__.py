"""From a folder of labelled face crops to the shipped smile classifier, one script a step.

``python -m training.prepare``, ``.train``, ``.quantize``, ``.evaluate``; see README.md here.
"""

from __future__ import annotations

from training.errors import TrainingError

__all__ = ["TrainingError"]
