"""What the loop sees of itself and of its camera, for the heartbeat."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from edge_lambda.camera import Frame, FrameSource
from edge_lambda.health.camera_state import CameraWatch
from smile_contract import CameraState

_log = logging.getLogger(__name__)
_MOST_LATENCIES = 4096  # two minutes of frames
_LONGEST_MS = 3_600_000.0  # of the contract; the machine may have slept
_STOPPED_S = 30.0  # a frame takes milliseconds; loading a model takes seconds


@dataclass(frozen=True, slots=True)
class Latency:
    """Median and 95th percentile in ms, None without a frame."""

    p50_ms: float | None = None
    p95_ms: float | None = None


class Vitals:
    """Follows the loop and its camera. The loop writes, other threads read.

    Parameters
    ----------
    source : FrameSource

    Attributes
    ----------
    source : FrameSource
    faces : int
        Faces that the loop follows now.
    frames : int
        Processed frames since the start.
    """

    def __init__(self, source: FrameSource) -> None:
        self.faces = 0
        self.frames = 0
        self.source = source
        self._camera = CameraWatch()
        self._logged: CameraState = "ok"
        self._latencies: deque[float] = deque(maxlen=_MOST_LATENCIES)
        self._best_score = -math.inf
        self._turn_s = time.monotonic()

    @property
    def camera(self) -> CameraState:
        """State of the camera."""
        return self._camera.state

    @property
    def is_moving(self) -> bool:
        """Whether the loop runs, and frames arrive or their thread tries to get some."""
        is_running = time.monotonic() - self._turn_s < _STOPPED_S
        return is_running and not (self.source.is_stuck and self.camera == "unplugged")

    def miss(self) -> None:
        """Note that the loop waits for a frame."""
        self._turn_s = time.monotonic()
        self._camera.miss(self.source.now_ms() / 1000)
        self._log_change()

    def see(self, frame: Frame, begun_s: float, faces: int, scores: Mapping[int, float]) -> None:
        """Note a processed frame.

        Parameters
        ----------
        frame : Frame
        begun_s : float
            When its processing began, by the monotonic clock.
        faces : int
            Followed faces.
        scores : mapping of int to float
            Smile score by track id, NaN for a face without one.
        """
        self._turn_s = time.monotonic()
        self.frames += 1
        self.faces = faces
        # A file gives its frames when they are asked for; a live frame has waited.
        waited_ms = self.source.now_ms() - frame.position_ms
        self._latencies.append(max(waited_ms, (self._turn_s - begun_s) * 1000))
        for score in scores.values():
            self._best_score = max(self._best_score, score)
        at_s = frame.position_ms / 1000
        if self._camera.is_due(at_s):
            self._camera.look(frame.grey(), frame.is_limited_range, at_s)
            self._log_change()

    def take_latency(self) -> Latency:
        """Return the latency since the last call."""
        taken, self._latencies = self._latencies, deque(maxlen=_MOST_LATENCIES)
        values = sorted(min(value, _LONGEST_MS) for value in taken.copy())
        if not values:
            return Latency()
        middle, late = (values[int((len(values) - 1) * share)] for share in (0.5, 0.95))
        return Latency(round(middle, 1), round(late, 1))

    def take_best_score(self) -> float | None:
        """Return the largest smile score since the last call, None without any."""
        best, self._best_score = self._best_score, -math.inf
        return None if math.isinf(best) else best

    def _log_change(self) -> None:
        now = self.camera
        if now in {self._logged, "starting"}:
            return
        fields: dict[str, str] = {"state": now, "before": self._logged}
        if now == "unplugged" and self.source.problem:
            fields["reason"] = self.source.problem
        _log.log(logging.INFO if now == "ok" else logging.WARNING, "camera state", extra=fields)
        self._logged = now
