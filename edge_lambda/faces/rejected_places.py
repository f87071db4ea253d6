"""Places where a closer look found no face: they are left alone for a while."""

from __future__ import annotations

from edge_lambda.faces.motion import Cells, cells_of
from smile_vision.faces.boxes import Box, iou

# A place is left alone at least for the first time, and for the second one if nothing moves there.
_MOVING_MS, _STILL_MS = 700.0, 4000.0
_SAME_PLACE_IOU = 0.35


class RejectedPlaces:
    """Remembers candidates that were no faces."""

    def __init__(self) -> None:
        self._places: list[tuple[Box, float]] = []

    def add(self, box: Box, now_ms: float) -> None:
        """Remember a place, relative to the frame."""
        self._places.append((box, now_ms))

    def forget(self, moved: Cells, now_ms: float) -> None:
        """Forget old places; `moved` is from `MotionMap.update`."""
        self._places = [
            (box, at_ms)
            for box, at_ms in self._places
            if now_ms - at_ms < (_MOVING_MS if moved[cells_of(box)].any() else _STILL_MS)
        ]

    def contains(self, box: Box) -> bool:
        """Return whether a candidate is at a remembered place."""
        return any(iou(place, box) > _SAME_PLACE_IOU for place, _ in self._places)

    def clear(self) -> None:
        """Forget every place, after a scene cut."""
        self._places.clear()
