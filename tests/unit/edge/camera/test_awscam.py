"""The camera of an AWS DeepLens, with a stand-in for its module."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edge_lambda.camera import Frame, FrameSource, open_source
from edge_lambda.errors import CameraError
from edge_lambda.settings import CameraSettings
from tests.helpers.waiting import wait_until

BLUE = (200, 20, 20)  # BGR


class StandIn(ModuleType):
    """The module `awscam`, which has one function."""

    def __init__(self) -> None:
        super().__init__("awscam")
        self.calls = 0
        self.works = True

    def getLastFrame(self) -> tuple[bool, Any]:  # noqa: N802 - the name on the DeepLens
        self.calls += 1
        wide = np.full((48, 128, 3), BLUE, dtype=np.uint8)
        return self.works, wide[:, ::2] if self.works else None  # a view with gaps


@pytest.fixture
def awscam(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    module = StandIn()
    monkeypatch.setitem(sys.modules, "awscam", module)
    return module


@pytest.fixture
def source(awscam: StandIn) -> Iterator[FrameSource]:
    settings = CameraSettings(open_timeout_s=0.2, reconnect_max_s=1)
    with closing(open_source("awscam", settings)) as opened:
        yield opened


def first_frame(source: FrameSource) -> Frame:
    return next(frame for frame in source.frames() if frame is not None)


def test_frame_is_that_of_the_camera(source: FrameSource) -> None:
    frame = first_frame(source)
    assert (frame.width, frame.height) == (64, 48)
    assert frame.rgb(64)[10, 10].tolist() == pytest.approx(list(reversed(BLUE)), abs=3)
    assert source.has_system_time


def test_camera_is_asked_for_at_most_30_frames_a_second(
    source: FrameSource, awscam: StandIn
) -> None:
    first_frame(source)
    wait_until(lambda: awscam.calls >= 10)
    begun_ms, begun = source.now_ms(), awscam.calls
    wait_until(lambda: awscam.calls >= begun + 15)
    assert source.now_ms() - begun_ms >= 14 * 1000 / 30 - 40


def test_camera_is_opened_again_when_it_sends_nothing(
    source: FrameSource, awscam: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first_frame(source)
    awscam.works = False
    wait_until(lambda: "awscam sends no frame" in source.problem)
    awscam.works = True
    wait_until(lambda: not source.problem)
    first_frame(source)
    assert "camera back" in [record.message for record in caplog.records]


def test_camera_is_an_error_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "awscam", None)
    with pytest.raises(CameraError, match="source: awscam exists on an AWS DeepLens only"):
        open_source("awscam", CameraSettings())


def test_module_is_imported_only_when_it_is_the_source() -> None:
    code = "import sys, edge_lambda.app; sys.exit('awscam' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
