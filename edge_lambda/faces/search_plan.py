"""When to search which part of the frame for faces that nobody follows yet.

The whole frame shows near faces; overlapping tiles, enlarged, show far ones. Every region is
searched at least once in `MAX_AGE_MS`, so that somebody who sits still is found. A region in which
something moved comes sooner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_lambda.faces.motion import COLUMNS, ROWS
from edge_lambda.faces.zones import EVERYWHERE, Zones
from smile_vision.faces.boxes import Box

MAX_AGE_MS = 2000.0
_SMALLEST_FACE = 0.02  # of the frame's longer side
# Of a tile's side: the full-range network finds smaller faces less and less often.
_SMALLEST_FACE_IN_TILE = 0.065
_OVERLAP = 0.15  # of a tile's side: a face on the border of one lies inside the next
# A region in which something moved waits this long since its last search. Each search that finds
# nobody new doubles the wait, until nothing moves for a while: leaves in the wind cost little.
_FIRST_WAIT_MS = 240.0
_LONGEST_WAIT_MS = 500.0  # of the whole frame, where near faces appear suddenly
_LONGEST_TILE_WAIT_MS = 1500.0
_CALM_MS = 1000.0
_AROUND = 5.0  # side of the part around a face, relative to the face
_SPARE_FRAMES = 2  # a frame may be late or lost
_NEVER_MS = -math.inf


@dataclass(eq=False, slots=True)
class Region:
    """A part of the frame.

    Attributes
    ----------
    x, y, width, height : int
        px of the frame.
    is_whole : bool
        Whether it is the whole frame.
    searched_ms : float
        When it was searched last.
    has_moved : bool
        Whether something has moved in it since.
    moved_ms : float
        When something moved in it last.
    wait_ms : float
        How long motion has to wait for the next search.
    """

    x: int
    y: int
    width: int
    height: int
    is_whole: bool
    searched_ms: float = _NEVER_MS
    has_moved: bool = True
    moved_ms: float = _NEVER_MS
    wait_ms: float = _FIRST_WAIT_MS


class SearchPlan:
    """The regions of frames of one size, and their order.

    Parameters
    ----------
    width, height : int
        px of the frame.
    min_face_px : float
        Shorter side of the smallest face that counts.
    zones : Zones
        Regions in which no face counts are left out.
    """

    def __init__(
        self, width: int, height: int, min_face_px: float = 0.0, zones: Zones = EVERYWHERE
    ) -> None:
        smallest_px = max(_SMALLEST_FACE * max(width, height), min_face_px)
        tiles = _tiles(width, height, math.ceil(smallest_px / _SMALLEST_FACE_IN_TILE))
        self._size = width, height
        regions = [Region(0, 0, width, height, is_whole=True), *tiles]
        self.regions = [one for one in regions if _is_useful(one, width, height, zones)]
        self._cells = [_cells_of(region, width, height) for region in self.regions]
        self._last_ms: float | None = None

    def around(self, box: Box) -> Region:
        """Return the part of the frame around a box, relative to the frame; not in the plan."""
        width, height = self._size
        face_px = max(box[2] * width, box[3] * height)
        side = round(min(max(face_px * _AROUND, 1), width, height))
        left = round((box[0] + box[2] / 2) * width - side / 2)
        top = round((box[1] + box[3] / 2) * height - side / 2)
        x, y = min(max(left, 0), width - side), min(max(top, 0), height - side)
        return Region(x, y, side, side, is_whole=False)

    def note_motion(self, moved: NDArray[np.bool_], now_ms: float) -> None:
        """Mark the regions in which something moved; `moved` is bool (ROWS, COLUMNS)."""
        if not moved.any():
            return
        for region, (rows, columns) in zip(self.regions, self._cells, strict=True):
            if moved[rows, columns].any():
                if now_ms - region.moved_ms > _CALM_MS:
                    region.wait_ms = _FIRST_WAIT_MS
                region.has_moved, region.moved_ms = True, now_ms

    def overdue(self, now_ms: float) -> list[Region]:
        """Return the regions that must be searched in this frame, longest unsearched first.

        One a frame, unless frames come so slowly that more are due at once.
        """
        frame_ms = 0.0 if self._last_ms is None else max(now_ms - self._last_ms, 0.0)
        self._last_ms = now_ms
        waiting = sorted(self.regions, key=lambda region: region.searched_ms)
        a_frame = math.ceil(len(waiting) / max(MAX_AGE_MS // max(frame_ms, 1.0), 1.0))
        for turn, region in enumerate(waiting):
            # The frame after its turn would be too late.
            turn_ms = now_ms + (turn // a_frame + _SPARE_FRAMES) * frame_ms
            if turn_ms - region.searched_ms >= MAX_AGE_MS:
                return waiting[:a_frame]
        return []

    def moved(self, now_ms: float) -> Region | None:
        """Return the region that motion makes most worth a search now, if any."""
        best, most = None, 1.0
        for region in self.regions:
            urgency = (now_ms - region.searched_ms) / region.wait_ms
            if region.has_moved and urgency >= most:
                best, most = region, urgency
        return best

    def searched(self, region: Region, now_ms: float, *, found: bool = False) -> None:
        """Note that a region was searched, and whether somebody new was found."""
        region.searched_ms, region.has_moved = now_ms, False
        longest_ms = _LONGEST_WAIT_MS if region.is_whole else _LONGEST_TILE_WAIT_MS
        region.wait_ms = _FIRST_WAIT_MS if found else min(region.wait_ms * 2, longest_ms)

    def restart(self) -> None:
        """Search everything again, after a scene cut."""
        for region in self.regions:
            region.searched_ms, region.has_moved = _NEVER_MS, True
            region.moved_ms, region.wait_ms = _NEVER_MS, _FIRST_WAIT_MS


def _is_useful(region: Region, width: int, height: int, zones: Zones) -> bool:
    """Return whether a face could count in a region. Those on its border lie in a neighbour too."""
    left, top = region.x / width, region.y / height
    right, bottom = (region.x + region.width) / width, (region.y + region.height) / height
    return bool(zones.overlap(left, top, right, bottom))


def _tiles(width: int, height: int, side: int) -> list[Region]:
    """Return tiles that cover the frame, or none where the whole frame shows as much."""
    if side >= max(width, height):
        return []
    return [
        Region(x, y, min(side, width), min(side, height), is_whole=False)
        for y in _starts(height, side)
        for x in _starts(width, side)
    ]


def _starts(length: int, side: int) -> list[int]:
    """Return where tiles start so that they cover a length evenly, with the overlap."""
    if side >= length:
        return [0]
    steps = math.ceil((length - side) / (side * (1 - _OVERLAP)))
    return [round((length - side) * step / steps) for step in range(steps + 1)]


def _cells_of(region: Region, width: int, height: int) -> tuple[slice, slice]:
    return (
        slice(region.y * ROWS // height, -(-(region.y + region.height) * ROWS // height)),
        slice(region.x * COLUMNS // width, -(-(region.x + region.width) * COLUMNS // width)),
    )
