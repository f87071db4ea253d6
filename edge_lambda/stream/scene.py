"""What the loop tells those who watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_lambda.camera import Frame
from smile_vision.faces.boxes import Box


@dataclass(frozen=True, slots=True)
class FaceMark:
    """A face as it is drawn.

    Attributes
    ----------
    box : Box
        In shares of the frame.
    smile_score : float
        The smoothed score that decides, 0 to 1.
    track_id : int
    is_smiling : bool
    """

    box: Box
    smile_score: float
    track_id: int
    is_smiling: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """A frame, its faces, and how many frames the loop does in a second."""

    frame: Frame
    faces: Sequence[FaceMark]
    frame_rate: float


class Viewer(Protocol):
    """Whoever looks over the loop's shoulder."""

    @property
    def is_watched(self) -> bool:
        """Whether it is worth while to call `show`."""

    def show(self, frame: Frame, faces: Sequence[FaceMark]) -> None:
        """Take a frame; return at once."""
