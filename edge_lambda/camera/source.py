"""Interface of a video source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime

from edge_lambda.camera.frame import Frame

POLL_S = 0.2
"""How long `FrameSource.frames` waits for a frame before it yields None."""


class FrameSource(ABC):
    """Yields frames in order of time.

    Attributes
    ----------
    duration_ms : float or None
        Length of a file, if known.
    skipped_frames : int
        Frames skipped because a newer one was ready.
    is_truncated : bool
        Whether a file ended before its stated duration.
    has_system_time : bool
        Whether `time_at` follows the system clock.
    problem : str
        Why no frame arrives; empty while frames arrive.
    restarts : int
        How often the thread that reads the camera failed and was started again.
    is_stuck : bool
        Whether a thread hangs in the driver of the camera, which only a new process can cure.
    """

    duration_ms: float | None = None
    skipped_frames: int = 0
    is_truncated: bool = False
    has_system_time: bool = False
    problem: str = ""
    restarts: int = 0
    is_stuck: bool = False

    @property
    @abstractmethod
    def damaged_frames(self) -> int:
        """Count of frames that could not be decoded."""

    @abstractmethod
    def frames(self) -> Iterator[Frame | None]:
        """Yield frames, and None after `POLL_S` without one, so that the caller notices time pass.

        Raises
        ------
        CameraError
            When the source cannot be opened, or turns out to be unreadable.
        """

    @abstractmethod
    def now_ms(self) -> float:
        """Return the position in ms of a frame taken now."""

    @abstractmethod
    def time_at(self, position_ms: float) -> datetime:
        """Return the UTC time of a position in ms."""

    @abstractmethod
    def close(self) -> None:
        """Close the source. Do not use `frames` afterwards."""
