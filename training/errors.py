"""The one error of this package."""

from __future__ import annotations

__all__ = ["TrainingError"]


class TrainingError(Exception):
    """A problem that the user can fix; the message says how."""
