"""What the loop gives to viewers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_lambda.camera import Frame
from smile_vision.faces.boxes import Box


@dataclass(frozen=True, slots=True)
class FaceMark:
    """A face to draw.

    Attributes
    ----------
    box : Box
        Relative to the frame, 0 to 1.
    smile_score : float
        Smoothed score, 0 to 1.
    track_id : int
    is_smiling : bool
    problem : str or None
        Why the face cannot be scored.
    """

    box: Box
    smile_score: float
    track_id: int
    is_smiling: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A frame, its faces, and the loop's frames per second, if known."""

    frame: Frame
    faces: Sequence[FaceMark]
    frame_rate: float | None


class Viewer(Protocol):
    """Shows frames and faces while the loop runs."""

    @property
    def is_watched(self) -> bool:
        """Whether anybody watches. If not, the loop skips `show`."""

    def show(
        self, frame: Frame, faces: Sequence[FaceMark], frame_rate: float | None = None
    ) -> None:
        """Take a frame and the loop's frames per second, and return at once."""
