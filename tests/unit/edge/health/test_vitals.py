"""What the loop notes of itself and its camera."""

from __future__ import annotations

import logging
import math
import time

import av
import numpy as np
import pytest

from edge_lambda.camera import Frame
from edge_lambda.health import vitals as module
from edge_lambda.health.vitals import Latency, Vitals
from tests.helpers.camera_faults import clip_frames
from tests.helpers.clock import FakeClock
from tests.helpers.loop import FakeCamera


class LiveCamera(FakeCamera):
    """A camera with a clock of its own."""

    at_ms = 0.0

    def now_ms(self) -> float:
        return self.at_ms


def frame_at(position_ms: float, second: int = 0) -> Frame:
    pixels = np.ascontiguousarray(clip_frames()[second])
    return Frame(0, position_ms, av.VideoFrame.from_ndarray(pixels, format="gray"))


def test_latency_counts_the_wait_of_a_live_frame() -> None:
    camera = LiveCamera()
    vitals = Vitals(camera)
    for latency_ms in range(1, 101):
        camera.at_ms = 1000.0 + latency_ms
        vitals.see(frame_at(1000), time.monotonic(), 0, {})
    assert vitals.take_latency() == Latency(50, 95)
    assert vitals.take_latency() == Latency(None, None)


def test_latency_is_the_processing_time_when_a_file_gives_frames_on_demand() -> None:
    vitals = Vitals(LiveCamera())
    vitals.see(frame_at(1000), time.monotonic() - 0.25, 0, {})
    assert vitals.take_latency().p50_ms == pytest.approx(250, abs=50)


def test_latency_is_an_hour_at_most_when_the_machine_has_slept() -> None:
    vitals = Vitals(LiveCamera())
    vitals.see(frame_at(1000), time.monotonic() - 9000, 0, {})
    assert vitals.take_latency() == Latency(3_600_000, 3_600_000)


def test_best_score_is_that_since_the_last_call() -> None:
    vitals = Vitals(LiveCamera())
    assert vitals.take_best_score() is None
    vitals.see(frame_at(0), 0, 3, {1: 0.3, 2: 0.8, 3: math.nan})
    vitals.see(frame_at(40), 0, 2, {1: 0.5})
    assert (vitals.faces, vitals.frames) == (2, 2)
    assert vitals.take_best_score() == 0.8
    assert vitals.take_best_score() is None


def test_changes_of_the_camera_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "edge_lambda")
    camera = LiveCamera()
    vitals = Vitals(camera)
    for second in range(5):
        vitals.see(frame_at(second * 1000, second), 0, 0, {})
    assert (vitals.camera, caplog.messages) == ("ok", [])
    camera.problem = "source: no camera at /dev/video0"
    camera.at_ms = 8000
    vitals.miss()
    for second in range(9, 13):
        vitals.see(frame_at(second * 1000, second), 0, 0, {})
    changes = [(vars(one)["state"], vars(one).get("reason")) for one in caplog.records]
    assert changes == [("unplugged", camera.problem), ("ok", None)]
    assert [one.levelname for one in caplog.records] == ["WARNING", "INFO"]


def test_device_moves_while_the_loop_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    monkeypatch.setattr(module, "time", clock)
    camera = LiveCamera()
    vitals = Vitals(camera)
    clock.sleep(29)
    assert vitals.is_moving
    vitals.miss()
    clock.sleep(29)
    assert vitals.is_moving  # the camera is away: nothing is wrong with the program
    clock.sleep(2)
    assert not vitals.is_moving


def test_device_does_not_move_when_no_frame_comes_and_a_thread_is_stuck() -> None:
    camera = LiveCamera()
    camera.is_stuck = True
    vitals = Vitals(camera)
    vitals.see(frame_at(0), 0, 0, {})
    assert vitals.is_moving  # another thread gets frames
    camera.at_ms = 5000
    vitals.miss()
    assert not vitals.is_moving
