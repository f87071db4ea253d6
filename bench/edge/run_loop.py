"""Run the loop of the device on a video, for all measurements.

Only `make_vision` and `make_loop` know how the loop is put together.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from edge_lambda.app import make_attention
from edge_lambda.camera import Frame, FrameSource, open_source
from edge_lambda.delivery import Sink
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.delivery.record import OutboxRecord
from edge_lambda.faces.vision import SmileVision
from edge_lambda.health.clock_gate import ClockGate
from edge_lambda.loop import EdgeLoop
from edge_lambda.settings import CameraSettings, TrackSettings, VisionSettings
from edge_lambda.smiles.event_maker import EventMaker
from edge_lambda.stream import FaceMark, Viewer
from edge_lambda.stream.scene import NO_OVERLAY, Overlay
from smile_contract import Model, SmileEvent
from smile_contract.episodes.episode import EpisodeRules

__all__ = [
    "START",
    "DetectedSmile",
    "LoopRun",
    "Recorder",
    "make_loop",
    "make_vision",
    "run_loop",
    "run_loop_on",
]


START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DetectedSmile:
    """A smile that the device reported, in ms since the first frame."""

    track_id: int
    start_ms: float
    end_ms: float


@dataclass(frozen=True, slots=True)
class LoopRun:
    """What the loop did with a video."""

    frames: int
    smiles: list[DetectedSmile]


class Recorder:
    """A viewer that keeps the faces of every frame.

    Attributes
    ----------
    shown : dict
        The faces by the number of the frame; their boxes are relative to the frame.
    """

    is_watched = True

    def __init__(self) -> None:
        self.shown: dict[int, list[FaceMark]] = {}

    def show(
        self,
        frame: Frame,
        faces: Sequence[FaceMark],
        frame_rate: float | None = None,  # noqa: ARG002 - of the interface
        overlay: Overlay = NO_OVERLAY,  # noqa: ARG002 - of the interface
    ) -> None:
        """Keep the faces of a frame."""
        self.shown[frame.index] = list(faces)


class _Collector(Sink):
    """Keeps the events of ended smiles."""

    def __init__(self) -> None:
        self.ended: list[SmileEvent] = []

    def offer(self, record: OutboxRecord) -> None:
        event = SmileEvent.from_dict(json.loads(record.payload))
        if event.phase == "ended":
            self.ended.append(event)


def make_vision() -> SmileVision:
    """Return the networks with their default settings. One serves many runs."""
    return SmileVision()


def make_loop(
    source: FrameSource,
    vision: SmileVision,
    publisher: Publisher,
    viewer: Viewer | None,
    clock: Callable[[], float] = time.perf_counter,
) -> EdgeLoop:
    """Return the loop of the device with its default settings.

    `clock` measures, in s, how much of its budget the search for faces has used.
    """
    card = vision.card
    model = Model(card.sha256, card.threshold_on, card.threshold_off)
    return EdgeLoop(
        source,
        vision=vision,
        attention=make_attention(vision, VisionSettings(), TrackSettings(), clock),
        rules=EpisodeRules(threshold_on=card.threshold_on, threshold_off=card.threshold_off),
        events=EventMaker("cam-1", model, source.time_at),
        gate=ClockGate(publisher, follows_clock=False),
        viewer=viewer,
    )


def run_loop(
    path: Path, vision: SmileVision, viewer: Viewer | None = None, max_frames: int | None = None
) -> LoopRun:
    """Run the loop on a video file as fast as it can, or on its first `max_frames`."""
    with closing(open_source(str(path), CameraSettings(start_time=START))) as source:
        return run_loop_on(source, vision, viewer, max_frames)


def run_loop_on(
    source: FrameSource,
    vision: SmileVision,
    viewer: Viewer | None = None,
    max_frames: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> LoopRun:
    """Run the loop on a source whose first frame is at `START`; `clock` as in `make_loop`."""
    collector = _Collector()
    seen = count(1)
    with closing(Outbox(None)) as outbox:
        loop = make_loop(source, vision, Publisher(outbox, [collector]), viewer, clock)
        counts = loop.run(lambda: max_frames is not None and next(seen) > max_frames)
    return LoopRun(counts.frames, [_smile(event) for event in collector.ended])


def _smile(event: SmileEvent) -> DetectedSmile:
    start_ms = (event.started_at - START) / timedelta(milliseconds=1)
    return DetectedSmile(event.track_id, start_ms, start_ms + event.duration_ms)
