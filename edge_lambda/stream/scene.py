"""What the loop gives to viewers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_lambda.camera import Frame
from edge_lambda.polygon import Polygon
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
class Overlay:
    """What else is drawn.

    Attributes
    ----------
    include, ignore : tuple of Polygon
        Where faces count, and where they do not; relative to the frame, 0 to 1.
    is_paused : bool
        Nothing of the frame is shown.
    """

    include: tuple[Polygon, ...] = ()
    ignore: tuple[Polygon, ...] = ()
    is_paused: bool = False


NO_OVERLAY = Overlay()


@dataclass(frozen=True, slots=True)
class Scene:
    """A frame, its faces, the loop's frames per second, if known, and the overlay."""

    frame: Frame
    faces: Sequence[FaceMark]
    frame_rate: float | None
    overlay: Overlay = NO_OVERLAY


class Viewer(Protocol):
    """Shows frames and faces while the loop runs."""

    @property
    def is_watched(self) -> bool:
        """Whether anybody watches. If not, the loop skips `show`."""

    def show(
        self,
        frame: Frame,
        faces: Sequence[FaceMark],
        frame_rate: float | None = None,
        overlay: Overlay = NO_OVERLAY,
    ) -> None:
        """Take a frame and the loop's frames per second, and return at once."""
