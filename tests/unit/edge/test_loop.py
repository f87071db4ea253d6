"""The loop on real videos and a real outbox; only the eyes are told what to see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_lambda.camera import Frame, open_source
from edge_lambda.delivery.outbox import Outbox, OutboxRecord
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.delivery.sink import Sink
from edge_lambda.errors import SinkError
from edge_lambda.faces.observation import Observation
from edge_lambda.faces.tracker import Tracker
from edge_lambda.loop import EdgeLoop
from edge_lambda.settings import CameraSettings
from edge_lambda.smiles.episode import EpisodeRules
from edge_lambda.smiles.event_maker import EventMaker
from smile_contract import Model
from smile_vision.faces.boxes import Box

CUT_AT = 50
FRAMES = 90
LEFT, RIGHT = (0.1, 0.3, 0.2, 0.3), (0.6, 0.3, 0.2, 0.3)


class Eyes:
    """Sees smiling faces from a frame on, and fails from another on."""

    def __init__(self, boxes: Sequence[Box], sees_from: int = 0, fails_from: int = FRAMES) -> None:
        self._boxes = boxes
        self._sees_from = sees_from
        self._fails_from = fails_from

    def find_faces(self, frame: Frame) -> list[Observation]:
        if frame.index >= self._fails_from:
            raise ValueError("unseen before")
        if frame.index < self._sees_from:
            return []
        points = np.full((6, 2), 0.5, np.float32)
        return [Observation(box, 0.9, points) for box in self._boxes]

    def smile_scores(
        self, frame: Frame, keypoints: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        return np.full(len(keypoints), 0.95, np.float32)


class Told(Sink):
    """Keeps what it is offered, and refuses the first end when asked to."""

    def __init__(self, refuses: bool = False) -> None:
        self.phases: list[str] = []
        self._refuses = refuses

    def offer(self, record: OutboxRecord) -> None:
        self.phases.append(json.loads(record.payload)["phase"])
        if self._refuses and self.phases[-1] == "ended":
            raise SinkError("nobody listens")


@pytest.fixture
def two_scenes(tmp_path: Path) -> Path:
    path = tmp_path / "scenes.mp4"
    rooms = [np.random.default_rng(seed).uniform(20, 235, (9, 16)) for seed in (1, 2)]
    pictures = [np.kron(room, np.ones((20, 20))).astype(np.uint8) for room in rooms]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for index in range(FRAMES):
            grey = np.stack([pictures[index >= CUT_AT]] * 3, axis=-1)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def loop_of(path: Path, eyes: Eyes, told: Told) -> EdgeLoop:
    source = open_source(str(path), CameraSettings(start_time=datetime(2026, 1, 1, tzinfo=UTC)))
    model = Model("0" * 64, 0.7, 0.5)
    return EdgeLoop(
        source,
        vision=eyes,
        tracker=Tracker(0.25, 1000),
        rules=EpisodeRules(threshold_on=0.7, threshold_off=0.5),
        events=EventMaker("cam-1", model, source.time_at),
        publisher=Publisher(Outbox(None), [told]),
    )


def test_smile_ends_at_a_cut_when_the_faces_after_it_cannot_be_found(two_scenes: Path) -> None:
    told = Told()
    loop = loop_of(two_scenes, Eyes([LEFT], fails_from=CUT_AT), told)
    told_before_frame: list[list[str]] = []

    def note() -> bool:
        told_before_frame.append(list(told.phases))
        return False

    counts = loop.run(note)
    assert counts.scene_cuts == 1
    assert counts.failed_frames == FRAMES - CUT_AT
    assert told_before_frame[CUT_AT] == ["started"]
    assert told_before_frame[CUT_AT + 1] == ["started", "ended"]


def test_every_smile_is_ended_when_an_end_cannot_be_told(two_scenes: Path) -> None:
    told = Told(refuses=True)
    loop = loop_of(two_scenes, Eyes([LEFT, RIGHT], sees_from=CUT_AT), told)
    with pytest.raises(SinkError):
        loop.run(lambda: False)
    assert told.phases == ["started", "started", "ended", "ended"]
