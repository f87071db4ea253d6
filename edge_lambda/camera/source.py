"""The seam between cameras and the loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime

from edge_lambda.camera.frame import Frame


class FrameSource(ABC):
    """Yields frames in the order of time.

    Attributes
    ----------
    duration_ms : float or None
        Of a file, where known.
    skipped_frames : int
        Frames that were left out because newer ones had come.
    """

    duration_ms: float | None = None
    skipped_frames: int = 0

    @property
    @abstractmethod
    def damaged_frames(self) -> int:
        """How many pictures could not be decoded."""

    @abstractmethod
    def frames(self) -> Iterator[Frame | None]:
        """Yield frames; None when none has come for a while, so that time can be noticed.

        Raises
        ------
        CameraError
            When the source cannot be opened, or turns out to be unreadable.
        """

    @abstractmethod
    def now_ms(self) -> float:
        """Return the position that a frame of this moment would have."""

    @abstractmethod
    def time_at(self, position_ms: float) -> datetime:
        """Return the UTC time of a position."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the source; `frames` is not to be used any more."""
