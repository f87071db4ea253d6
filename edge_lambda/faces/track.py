"""A face that is followed over time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge_lambda.faces.observation import Observation
from smile_vision.faces.boxes import Box, centre_offset
from smile_vision.smiles.quality import Quality

_VELOCITY_MEMORY_MS = 200.0  # time constant with which a new speed replaces the old one
_COAST_MS = 300.0  # an unseen face slows down with this time constant: people stop and turn
_MIN_AGREEMENTS = 3
_JITTER = 0.03  # in face widths: two looks at a still face differ by about this
# A face is alive when its place or size changes by this share of its width, or its score by this
# much. Two looks at a picture of a face differ less.
_ALIVE_SHIFT = 0.05
_ALIVE_SCORE = 0.3
_STILL_MS = 60_000.0  # nobody keeps still for longer: it is a picture of a face
_DRIFT_KEPT = 0.7  # share of the drift that is kept when a look finds less

Velocity = tuple[float, float, float, float]


@dataclass(eq=False, slots=True)
class Track:
    """A followed face.

    Attributes
    ----------
    id : int
        Never used twice in a run.
    seen : Observation
        The latest closer look that found the face.
    seen_ms, looked_ms, present_ms, moved_ms, now_ms : float
        When that was, when the face was last looked for, the latest frame without a sign that it
        is gone, when something last moved in it, and the time of the latest frame.
    still_box, still_score : Box, float
        Place and smile score when it last moved.
    velocity : tuple of float
        Change of centre x, centre y, width and height per ms.
    drift : float
        Error of the prediction, in face widths per ms.
    certain : Observation
        The latest one with a high score.
    certain_ms : float
        When that was.
    agreements, misses : int
        Closer looks that found the face, and those since then that did not.
    smile_score, scored_ms : float
        The latest score, and when the face was scored; NaN and -inf before the first.
    quality : Quality
        Whether the face could be scored in the latest frame in which it was in view.
    """

    id: int
    seen: Observation
    seen_ms: float
    looked_ms: float = field(init=False)
    present_ms: float = field(init=False)
    still_box: Box = field(init=False)
    still_score: float = math.nan
    certain: Observation = field(init=False)
    certain_ms: float = field(init=False)
    moved_ms: float = field(init=False)
    now_ms: float = field(init=False)
    velocity: Velocity = (0.0, 0.0, 0.0, 0.0)
    drift: float = 0.0
    agreements: int = 1
    misses: int = 0
    smile_score: float = math.nan
    scored_ms: float = -math.inf
    quality: Quality = Quality.GOOD

    def __post_init__(self) -> None:
        self.looked_ms = self.present_ms = self.moved_ms = self.now_ms = self.seen_ms
        self.still_box = self.seen.box
        self.certain, self.certain_ms = self.seen, self.seen_ms

    @property
    def is_confirmed(self) -> bool:
        """Whether enough closer looks agree that this is a face."""
        return self.agreements >= _MIN_AGREEMENTS

    @property
    def age_ms(self) -> float:
        """Time since the latest look that found the face."""
        return self.now_ms - self.seen_ms

    @property
    def missing_ms(self) -> float:
        """Time since the first sign that the face is gone; 0 without one."""
        return self.now_ms - self.present_ms

    @property
    def is_still(self) -> bool:
        """Whether nothing has moved in the face for so long that it must be a picture."""
        return self.now_ms - self.moved_ms > _STILL_MS

    def box_at(self, at_ms: float) -> Box:
        """Return the predicted box at `at_ms`, of a face that slows down."""
        elapsed_ms = max(at_ms - self.seen_ms, 0.0)
        return self._moved_for(_COAST_MS * -math.expm1(-elapsed_ms / _COAST_MS))

    def box_at_full_speed(self) -> Box:
        """Return the predicted box in the latest frame, of a face that does not slow down."""
        return self._moved_for(self.age_ms)

    def _moved_for(self, moving_ms: float) -> Box:
        x, y, width, height = self.seen.box
        dx, dy, dw, dh = (speed * moving_ms for speed in self.velocity)
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
        if self.seen_ms == self.now_ms:
            return self.seen.keypoints
        return moved_with_box(self.seen.keypoints, self.seen.box, self.box_at(self.now_ms))

    def shift(self, dx: float, dy: float) -> None:
        """Move the face with the picture: the camera has turned."""
        was_certain = self.certain is self.seen
        self.seen = _shifted(self.seen, dx, dy)
        self.certain = self.seen if was_certain else _shifted(self.certain, dx, dy)
        x, y, width, height = self.still_box
        self.still_box = (x + dx, y + dy, width, height)

    def see(self, observation: Observation, at_ms: float, *, is_certain: bool = True) -> None:
        """Record what a closer look found. The speed follows certain observations only."""
        elapsed_ms = at_ms - self.seen_ms
        if elapsed_ms > 0 and is_certain:
            error = _prediction_error(self.box_at(at_ms), observation.box)
            self.drift = max((error - _JITTER) / elapsed_ms, self.drift * _DRIFT_KEPT)
            # An error beyond jitter is motion: it counts at once, so that no walker gets away.
            motion = 1 - 2 * _JITTER / error if error > 0 else 0.0
            gain = max(-math.expm1(-elapsed_ms / _VELOCITY_MEMORY_MS), motion)
            measured = _speed(self.certain.box, observation.box, at_ms - self.certain_ms)
            old = self.velocity
            self.velocity = (
                old[0] + gain * (measured[0] - old[0]),
                old[1] + gain * (measured[1] - old[1]),
                old[2] + gain * (measured[2] - old[2]),
                old[3] + gain * (measured[3] - old[3]),
            )
        self.seen = observation
        self.seen_ms = self.looked_ms = self.present_ms = self.now_ms = at_ms
        if is_certain:
            self.certain, self.certain_ms = observation, at_ms
            if _prediction_error(self.still_box, observation.box) > _ALIVE_SHIFT:
                self.move(at_ms)
        self.agreements += 1
        self.misses = 0

    def move(self, at_ms: float) -> None:
        """Record that something moved in the face."""
        self.moved_ms = at_ms
        self.still_box, self.still_score = self.seen.box, self.smile_score

    def score(self, smile_score: float, at_ms: float) -> None:
        """Record the smile score of a frame; NaN for a view that cannot be scored."""
        self.smile_score, self.scored_ms = smile_score, at_ms
        if math.isnan(self.still_score):
            self.still_score = smile_score
        elif abs(smile_score - self.still_score) > _ALIVE_SCORE:
            self.move(at_ms)

    def miss(self, at_ms: float) -> None:
        """Record that a closer look did not find the face.

        While something covered it, its box was squeezed and moved aside. So the face is expected
        from where it was last seen for certain.
        """
        self.seen, self.seen_ms = self.certain, self.certain_ms
        self.looked_ms = at_ms
        self.misses += 1


def moved_with_box(points: NDArray[np.float32], old: Box, new: Box) -> NDArray[np.float32]:
    """Return points of the box `old` at the same place in the box `new`."""
    scale = np.array([new[2] / old[2], new[3] / old[3]], dtype=np.float32)
    shift = np.array([new[0] - old[0] * scale[0], new[1] - old[1] * scale[1]], dtype=np.float32)
    return points * scale + shift


def _shifted(observation: Observation, dx: float, dy: float) -> Observation:
    x, y, width, height = observation.box
    points = observation.keypoints + np.array([dx, dy], dtype=np.float32)
    return Observation((x + dx, y + dy, width, height), observation.score, points)


def _prediction_error(expected: Box, found: Box) -> float:
    """Return the error of a predicted box, in widths: of its place or size, the larger."""
    dx, dy = centre_offset(expected, found)
    return max(abs(dx) / found[2], abs(dy) / found[3], abs(found[2] - expected[2]) / found[2])


def _speed(old: Box, new: Box, elapsed_ms: float) -> Velocity:
    dx, dy = centre_offset(old, new)
    return (
        dx / elapsed_ms,
        dy / elapsed_ms,
        (new[2] - old[2]) / elapsed_ms,
        (new[3] - old[3]) / elapsed_ms,
    )
