"""The bundled clip as a camera records it that hangs upside down or on its side."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_lambda.app import run
from edge_lambda.config import load_config
from smile_contract import SmileEvent
from tests.helpers.events import read_events
from tests.helpers.video import CLIP, STEP_MS

pytestmark = pytest.mark.system

_FRAMES = 175  # 7 s, with a smile that ends and one that does not


def turned_clip(path: Path, turns: int) -> Path:
    """Write the start of the clip without loss, each frame turned counterclockwise."""
    with av.open(str(CLIP)) as clip, av.open(str(path), "w") as copy:
        stream = copy.add_stream("ffv1", rate=25)
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for index, picture in zip(range(_FRAMES), clip.decode(video=0), strict=False):
            turned = turned_picture(picture, turns)
            if not index:
                stream.width, stream.height = turned.width, turned.height
            turned.pts, turned.time_base = index * STEP_MS, Fraction(1, 1000)
            copy.mux(stream.encode(turned))
        copy.mux(stream.encode(None))
    return path


def turned_picture(picture: av.VideoFrame, turns: int) -> av.VideoFrame:
    height, width = picture.height, picture.width
    luma, chroma = np.split(picture.to_ndarray(format="yuv420p"), [height])
    planes = [luma, *chroma.reshape(2, height // 2, width // 2)]
    parts = [np.rot90(plane, turns) for plane in planes]
    shown = parts[0].shape[1]
    rows: list[NDArray[np.uint8]] = [part.reshape(-1, shown) for part in parts]
    return av.VideoFrame.from_ndarray(np.concatenate(rows), format="yuv420p")


def events(path: Path, rotate: int, capfdbinary: pytest.CaptureFixture[bytes]) -> list[SmileEvent]:
    settings = {"camera.rotate": rotate, "camera.start_time": "2026-01-01T00:00:00Z"}
    config = load_config(None, {"source": str(path), "device_id": "cam-1", **settings})
    assert run(config, lambda: False) == 0
    lines = capfdbinary.readouterr().out.splitlines()
    return [event for line in lines for event in read_events(json.loads(line), device_id="cam-1")]


@pytest.mark.parametrize(("rotate", "turns"), [(90, 1), (180, 2), (270, -1)])
def test_events_are_those_of_the_upright_clip_when_the_camera_is_turned(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], rotate: int, turns: int
) -> None:
    upright = events(turned_clip(tmp_path / "upright.mkv", 0), 0, capfdbinary)
    turned = events(turned_clip(tmp_path / "turned.mkv", turns), rotate, capfdbinary)
    assert [event.phase for event in upright] == ["started", "started", "ended", "ended"]
    assert len(turned) == len(upright)
    for one, other in zip(turned, upright, strict=True):
        assert one.phase == other.phase
        assert abs(one.started_at - other.started_at).total_seconds() < 0.1
        assert abs(one.duration_ms - other.duration_ms) < 200
        assert one.face.box == pytest.approx(other.face.box, abs=0.02)
        assert one.peak_score == pytest.approx(other.peak_score, abs=0.05)
