"""The device command with a camera whose time runs fast, and with a clock that can be set.

``python -m tests.helpers.soak_device <speed> <flags of edge_lambda>``. Networks and decoder are
stand-ins; all else is the program: the thread of the camera, the loop, delivery, health. Lines on
standard input cause faults: ``camera off``, ``camera on`` and ``clock <shift in s> <state>``.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import av
import numpy as np
from numpy.typing import NDArray

from edge_lambda import app
from edge_lambda.camera import Frame, live
from edge_lambda.camera.address import parse_address
from edge_lambda.command import main, quit_now
from edge_lambda.errors import CameraError
from edge_lambda.health import clock_gate, machine
from edge_lambda.settings import CameraSettings
from smile_vision.smiles.quality import Quality
from smile_vision.smiles.score import FaceScore
from tests.helpers.loop import LEFT, RIGHT, FakeVision

STEP_MS = 200.0
_GAP_MS = 1000.0  # by how much time goes on for each poll without a frame
_SMILE_EVERY_MS, _SMILE_MS = 60_000.0, 5000.0
_ENDLESS = range(10**9)


class World:
    """What the parts share: the time of the camera, and the faults."""

    def __init__(self, speed: float) -> None:
        self.frame_s = STEP_MS / 1000 / speed
        self.now_ms = 0.0
        self.is_unplugged = False
        self.wants_frame = threading.Event()
        self.clock_shift_s = 0.0
        self.clock_state = "synchronized"
        self._next_clock: tuple[float, str] = (0.0, "synchronized")
        self._time = time.time

    def time(self) -> float:
        return self._time() + self.clock_shift_s

    def obey(self) -> None:
        for line in sys.stdin:
            what, value, *more = line.split()
            if what == "camera":
                self.is_unplugged = value == "off"
            else:
                self._next_clock = float(value), more[0]

    def set_clock(self) -> None:
        """Set the clock as demanded; the loop does so between two frames."""
        self.clock_shift_s, self.clock_state = self._next_clock


class FastDecoder:
    """Makes a frame whenever the loop wants one, no faster than the speed allows."""

    sample_aspect_ratio = None
    damaged_frames = 0

    def __init__(self, world: World) -> None:
        self._world = world
        if world.is_unplugged:
            raise CameraError("no camera")

    def pictures(self) -> Iterator[tuple[av.VideoFrame, float | None]]:
        pictures, due_s = _pictures(), time.monotonic()
        while True:
            while not self._world.wants_frame.wait(0.1):
                if self._world.is_unplugged:
                    break
            if self._world.is_unplugged:
                raise CameraError("unplugged")
            self._world.wants_frame.clear()
            due_s = max(due_s + self._world.frame_s, time.monotonic() - 0.1)
            time.sleep(max(0.0, due_s - time.monotonic()))
            self._world.now_ms += STEP_MS
            yield pictures[int(self._world.now_ms // STEP_MS) % len(pictures)], None

    def close(self) -> None: ...


class FastCamera(live.LiveSource):
    """A live camera whose positions follow the frames."""

    def __init__(self, world: World) -> None:
        self._world = world
        super().__init__(parse_address("rtsp://soak/live"), reconnect_max_s=2.0)

    def frames(self) -> Iterator[Frame | None]:
        self._world.wants_frame.set()
        for frame in super().frames():
            if frame is None:
                self._world.now_ms += _GAP_MS
            self._world.set_clock()
            yield frame
            self._world.wants_frame.set()

    def now_ms(self) -> float:
        return self._world.now_ms

    def time_at(self, position_ms: float) -> datetime:
        ago = timedelta(milliseconds=self.now_ms() - position_ms)
        return datetime.fromtimestamp(time.time(), UTC) - ago


class SmilingVision(FakeVision):
    """Two people; each smiles for five seconds a minute."""

    largest_score = 1.0

    def __init__(self) -> None:
        super().__init__([LEFT, RIGHT], seen=_ENDLESS)
        self.card = SimpleNamespace(sha256="0" * 64, threshold_on=0.7, threshold_off=0.5)

    def score(self, frame: Frame, keypoints: Sequence[NDArray[np.float32]]) -> list[FaceScore]:
        scores = []
        for number in range(len(keypoints)):
            phase_ms = (frame.position_ms + number * _SMILE_EVERY_MS / 2) % _SMILE_EVERY_MS
            score = 0.95 if phase_ms < _SMILE_MS else 0.05
            scores.append(FaceScore(score, Quality.GOOD, 0.0))
        return scores


def _pictures() -> list[av.VideoFrame]:
    """Return frames of a room in which something moves."""
    random = np.random.default_rng(1)
    room = np.kron(random.integers(20, 235, (9, 16), np.uint8), np.ones((20, 20), np.uint8))
    pictures = []
    for number in range(16):
        grey = room.copy()
        grey[80:110, number * 20 : number * 20 + 20] = 235
        pictures.append(av.VideoFrame.from_ndarray(grey, format="gray"))
    return pictures


def _run(speed: str, *arguments: str) -> int:
    world = World(float(speed))

    def open_source(_source: str, _settings: CameraSettings) -> FastCamera:
        return FastCamera(world)

    stand_ins = (
        (time, "time", world.time),
        (time, "time_ns", lambda: int(world.time() * 1e9)),
        (machine, "clock_state", lambda: world.clock_state),
        (clock_gate, "clock_state", lambda: world.clock_state),
        (live, "Decoder", lambda *_: FastDecoder(world)),
        (app, "SmileVision", SmilingVision),
        (app, "open_source", open_source),
    )
    for module, name, stand_in in stand_ins:
        setattr(module, name, stand_in)
    threading.Thread(target=world.obey, daemon=True).start()
    return main(["--source", "rtsp://soak/live", *arguments])


if __name__ == "__main__":
    quit_now(_run(*sys.argv[1:]))
