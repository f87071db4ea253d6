"""Follow faces from frame to frame; a face keeps its id as long as it is followed.

Each frame's detections are matched to where a constant-velocity model expects the known faces,
best intersection over union (IoU) first. A second round grows all boxes, which matches faces
that moved too far for their boxes to overlap (buffered IoU: Yang et al., "Hard to track objects
with irregular motions and similar appearances? Make it easier by buffering the matching space",
WACV 2023).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_lambda.faces.observation import Observation
from smile_vision.faces.boxes import Box, grown, iou

_GROWTH = 0.5  # share of a box's size added on each side in the second round
_GROWN_MIN_IOU = 0.35
_VELOCITY_MEMORY_MS = 100.0  # time constant with which new speed measurements replace the old
_FAR_AWAY = 10.0  # in frame sizes; a detection farther out is an error
_COAST_MS = 500.0  # time constant with which the predicted motion of an unseen face slows down


@dataclass(eq=False, slots=True)
class Track:
    """A followed face.

    Attributes
    ----------
    id : int
        Unique within one tracker.
    seen : Observation
        The latest detection.
    seen_ms, now_ms : float
        Time of the latest detection and of the latest frame.
    velocity : tuple of float
        Change of centre x, centre y, width and height per ms.
    was_found : bool
        Whether the face was detected in the latest frame that went through the detector.
    has_moved : bool
        Whether `velocity` is known, which takes two detections.
    """

    id: int
    seen: Observation
    seen_ms: float
    now_ms: float
    velocity: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    was_found: bool = True
    has_moved: bool = False

    @property
    def is_seen_now(self) -> bool:
        """Whether the face was detected in the latest frame."""
        return self.seen_ms == self.now_ms

    def box_at(self, at_ms: float) -> Box:
        """Return the predicted box at `at_ms`."""
        x, y, width, height = self.seen.box
        coast_ms = _COAST_MS * -math.expm1(-max(at_ms - self.seen_ms, 0.0) / _COAST_MS)
        dx, dy, dw, dh = (speed * coast_ms for speed in self.velocity)
        new_width = max(width + dw, width / 2)
        new_height = max(height + dh, height / 2)
        return (
            x + dx + (width - new_width) / 2,
            y + dy + (height - new_height) / 2,
            new_width,
            new_height,
        )

    def keypoints_now(self) -> NDArray[np.float32]:
        """Return the key points, moved and scaled with the predicted box; float32 (6, 2)."""
        if self.is_seen_now:
            return self.seen.keypoints
        x, y, width, height = self.seen.box
        new_x, new_y, new_width, new_height = self.box_at(self.now_ms)
        scale = (new_width / width, new_height / height)
        moved = (self.seen.keypoints - (x, y)) * scale + (new_x, new_y)
        return moved.astype(np.float32)

    def see(self, observation: Observation, at_ms: float) -> None:
        """Record a new detection of the face and update its velocity."""
        elapsed_ms = at_ms - self.seen_ms
        if elapsed_ms > 0:
            gain = -math.expm1(-elapsed_ms / _VELOCITY_MEMORY_MS) if self.has_moved else 1.0
            self.has_moved = True
            measured = _speed(self.seen.box, observation.box, elapsed_ms)
            self.velocity = tuple(  # type: ignore[assignment]
                old + gain * (new - old) for old, new in zip(self.velocity, measured, strict=True)
            )
        self.seen, self.seen_ms, self.now_ms = observation, at_ms, at_ms
        self.was_found = True


def _is_plausible(seen: Observation) -> bool:
    """Return whether a box has an area and lies near the frame."""
    return min(seen.box[2:]) > 0 and all(abs(part) < _FAR_AWAY for part in seen.box)


def _speed(old: Box, new: Box, elapsed_ms: float) -> tuple[float, float, float, float]:
    return (
        (new[0] - old[0] + (new[2] - old[2]) / 2) / elapsed_ms,
        (new[1] - old[1] + (new[3] - old[3]) / 2) / elapsed_ms,
        (new[2] - old[2]) / elapsed_ms,
        (new[3] - old[3]) / elapsed_ms,
    )


class Tracker:
    """Follow faces from frame to frame.

    Parameters
    ----------
    min_iou : float
        Least overlap of a predicted and a detected box, 0 to 1.
    max_missed_ms : float
        A face unseen for longer is lost; if it returns, it gets a new id.
    """

    def __init__(self, min_iou: float = 0.25, max_missed_ms: float = 1000.0) -> None:
        self._min_iou = min_iou
        self._max_missed_ms = max_missed_ms
        self._tracks: list[Track] = []
        self._next_id = 1

    @property
    def tracks(self) -> Sequence[Track]:
        """The followed faces, oldest first."""
        return self._tracks

    def update(self, at_ms: float, observations: Iterable[Observation]) -> list[Track]:
        """Match the detections of a frame to the followed faces; follow new ones too.

        Returns
        -------
        list of Track
            The faces lost now; the tracker no longer follows them.
        """
        lost = self.advance(at_ms)
        for track in self._tracks:
            track.was_found = False
        # Sorted, so that neither ids nor ties depend on the detector's order.
        unmatched = sorted(
            filter(_is_plausible, observations), key=lambda seen: (seen.box, seen.score)
        )
        waiting = list(self._tracks)
        _match(waiting, unmatched, at_ms, growth=0.0, min_iou=self._min_iou)
        _match(waiting, unmatched, at_ms, growth=_GROWTH, min_iou=_GROWN_MIN_IOU)
        for observation in unmatched:
            self._tracks.append(Track(self._next_id, observation, at_ms, at_ms))
            self._next_id += 1
        return lost

    def advance(self, at_ms: float) -> list[Track]:
        """Predict every face's position in a frame that did not go through the detector.

        Returns
        -------
        list of Track
            The faces lost now; the tracker no longer follows them.
        """
        for track in self._tracks:
            track.now_ms = at_ms
        lost = [t for t in self._tracks if at_ms - t.seen_ms > self._max_missed_ms]
        self.drop(lost)
        return lost

    def drop(self, tracks: Iterable[Track]) -> None:
        """Stop following these faces; faces detected in their place get new ids."""
        dropped = {track.id for track in tracks}
        self._tracks = [track for track in self._tracks if track.id not in dropped]


def _match(
    waiting: list[Track],
    unmatched: list[Observation],
    at_ms: float,
    *,
    growth: float,
    min_iou: float,
) -> None:
    """Pair tracks and detections, best overlap first; remove the pairs from both lists."""
    boxes = [grown(observation.box, growth) for observation in unmatched]
    pairs = []
    for track in waiting:
        predicted = grown(track.box_at(at_ms), growth)
        for index, box in enumerate(boxes):
            overlap = iou(predicted, box)
            if overlap >= min_iou:
                pairs.append((-overlap, track.id, index, track))
    taken: set[int] = set()
    for _, _, index, track in sorted(pairs, key=lambda pair: pair[:3]):
        if index not in taken and track in waiting:
            track.see(unmatched[index], at_ms)
            taken.add(index)
            waiting.remove(track)
    unmatched[:] = [seen for index, seen in enumerate(unmatched) if index not in taken]
