"""One id per face as long as it is followed.

Greedy intersection-over-union matching against constant-velocity predictions. Faces that
moved too far for their boxes to overlap get a second chance with boxes grown on all sides
(buffered IoU: Yang et al., "Hard to track objects with irregular motions and similar
appearances? Make it easier by buffering the matching space", WACV 2023).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_lambda.faces.observation import Observation
from smile_vision.faces.boxes import Box, grown, iou

_GROWTH = 0.5  # share of the box added on each side for the second chance
_GROWN_MIN_IOU = 0.35
_VELOCITY_MEMORY_MS = 100.0  # how fast a new speed replaces the old one
_FAR_AWAY = 10.0  # frame sizes; a detector that says so is out of its mind
_COAST_MS = 500.0  # an unseen face slows down: nobody crosses the room unseen


@dataclass(eq=False, slots=True)
class Track:
    """A followed face.

    Attributes
    ----------
    id : int
        Never used twice by one tracker.
    seen : Observation
        As last detected.
    seen_ms, now_ms : float
        When that was, and the time of the last update.
    velocity : tuple of float
        Change of centre x, centre y, width, height per ms.
    was_found : bool
        Whether the latest frame that was searched showed the face.
    has_moved : bool
        Whether `velocity` is known, from two observations at least.
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
        """Return where the face should be at `at_ms`."""
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
        scale = np.array([new_width / width, new_height / height], dtype=np.float32)
        origin = np.array([x, y], dtype=np.float32)
        new_origin = np.array([new_x, new_y], dtype=np.float32)
        return np.asarray((self.seen.keypoints - origin) * scale + new_origin, dtype=np.float32)

    def see(self, observation: Observation, at_ms: float) -> None:
        """Take over a new observation of the face."""
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


def _is_sane(seen: Observation) -> bool:
    """Tell whether a box has an area and lies somewhere near the frame."""
    return min(seen.box[2:]) > 0 and all(abs(part) < _FAR_AWAY for part in seen.box)


def _speed(old: Box, new: Box, elapsed_ms: float) -> tuple[float, float, float, float]:
    moved = (
        new[0] - old[0] + (new[2] - old[2]) / 2,
        new[1] - old[1] + (new[3] - old[3]) / 2,
        new[2] - old[2],
        new[3] - old[3],
    )
    speed = tuple(part / elapsed_ms for part in moved)
    return speed if all(map(math.isfinite, speed)) else (0.0, 0.0, 0.0, 0.0)  # type: ignore[return-value]


class Tracker:
    """Follow faces from frame to frame.

    Parameters
    ----------
    min_iou : float
        Least overlap of a predicted and a detected box, 0 to 1.
    max_missed_ms : float
        A face unseen for longer is lost; one that returns later gets a new id.
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
        """Match the faces of a frame that went through the detector.

        Returns
        -------
        list of Track
            Those that are lost now, and followed no longer.
        """
        lost = self.advance(at_ms)
        for track in self._tracks:
            track.was_found = False
        # Sorted, so that neither ids nor ties depend on the detector's order.
        unmatched = sorted(filter(_is_sane, observations), key=lambda seen: (seen.box, seen.score))
        waiting = list(self._tracks)
        self._match(waiting, unmatched, at_ms, self._min_iou, lambda box: box)
        self._match(waiting, unmatched, at_ms, _GROWN_MIN_IOU, lambda box: grown(box, _GROWTH))
        for observation in unmatched:
            self._tracks.append(Track(self._next_id, observation, at_ms, at_ms))
            self._next_id += 1
        return lost

    def advance(self, at_ms: float) -> list[Track]:
        """Move every face to where it should be in a frame that was not searched.

        Returns
        -------
        list of Track
            Those that are lost now, and followed no longer.
        """
        for track in self._tracks:
            track.now_ms = at_ms
        lost = [t for t in self._tracks if at_ms - t.seen_ms > self._max_missed_ms]
        self._tracks = [t for t in self._tracks if at_ms - t.seen_ms <= self._max_missed_ms]
        return lost

    def drop(self, tracks: Iterable[Track]) -> None:
        """Follow these faces no longer; whoever is there next gets new ids."""
        dropped = {track.id for track in tracks}
        self._tracks = [track for track in self._tracks if track.id not in dropped]

    @staticmethod
    def _match(
        waiting: list[Track],
        unmatched: list[Observation],
        at_ms: float,
        min_iou: float,
        shape: Callable[[Box], Box],
    ) -> None:
        """Pair greedily, best overlap first; what is paired leaves both lists."""
        boxes = [shape(observation.box) for observation in unmatched]
        pairs = []
        for track in waiting:
            predicted = shape(track.box_at(at_ms))
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
