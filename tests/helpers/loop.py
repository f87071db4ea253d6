"""A fake camera, fake vision and recorders for tests of the loop."""

from __future__ import annotations

import json
import math
from collections.abc import Container, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from edge_lambda.camera import Frame, FrameSource
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.delivery.record import OutboxRecord
from edge_lambda.delivery.sink import Sink
from edge_lambda.errors import SinkError
from edge_lambda.faces.attention import FaceAttention
from edge_lambda.faces.budget import CpuBudget
from edge_lambda.faces.observation import Observation
from edge_lambda.faces.search_plan import Region
from edge_lambda.faces.vision import Vision
from edge_lambda.health.clock_gate import ClockGate
from edge_lambda.loop import EdgeLoop
from edge_lambda.smiles.event_maker import EventMaker
from edge_lambda.stream import FaceMark
from edge_lambda.stream.scene import NO_OVERLAY, Overlay
from smile_contract import Model
from smile_contract.episodes.episode import EpisodeRules
from smile_vision.faces.boxes import Box, iou
from smile_vision.smiles.quality import Quality
from smile_vision.smiles.score import FaceScore

FRAMES, CUT_AT, STEP_MS = 90, 50, 40.0
LEFT, RIGHT = (0.1, 0.3, 0.2, 0.3), (0.6, 0.3, 0.2, 0.3)
RULES = EpisodeRules(threshold_on=0.7, threshold_off=0.5)
START = datetime(2026, 1, 1, tzinfo=UTC)
_BLOCKS = np.random.default_rng(1).integers(20, 235, (2, 9, 16), dtype=np.uint8)
ROOMS = [
    av.VideoFrame.from_ndarray(np.kron(blocks, np.ones((20, 20), np.uint8)), format="gray")
    for blocks in _BLOCKS
]


class FakeCamera(FrameSource):
    """Yields frames of one room, and of another from `cut_at` on; None for each of `gaps`."""

    damaged_frames = 0
    duration_ms = FRAMES * STEP_MS

    def __init__(
        self, count: int = FRAMES, cut_at: int = FRAMES, gaps: Container[int] = ()
    ) -> None:
        self._count = count
        self._cut_at = cut_at
        self._gaps = gaps
        self._now_ms = 0.0

    def frames(self) -> Iterator[Frame | None]:
        for index in range(self._count):
            self._now_ms = index * STEP_MS
            room = ROOMS[index >= self._cut_at]
            yield None if index in self._gaps else Frame(index, self._now_ms, room)

    def now_ms(self) -> float:
        return self._now_ms

    def time_at(self, position_ms: float) -> datetime:
        return START + timedelta(milliseconds=position_ms)

    def close(self) -> None: ...


class FakeVision:
    """Finds the same faces in the frames `seen`, and fails in the frames `failing`.

    In the frames `covered` something hides their mouths.
    """

    def __init__(
        self,
        boxes: Sequence[Box],
        seen: Container[int] = range(FRAMES),
        failing: Container[int] = (),
        score: float = 0.95,
        quality: Quality = Quality.GOOD,
        *,
        covered: Container[int] = (),
        mouth_openness: float = 0.0,
    ) -> None:
        self._boxes = boxes
        self._score = score
        self._quality = quality
        self._seen = seen
        self._failing = failing
        self._covered = covered
        self._mouth_openness = mouth_openness
        self.failures = 0
        self.scored: list[int] = []

    def search(self, frame: Frame, region: Region) -> list[Box]:
        return [box for box in self._boxes_in(frame) if _contains(region, box, frame)]

    def look(
        self, frame: Frame, box: Box, room: float, *, is_mirrored: bool = False
    ) -> Observation | None:
        assert isinstance(is_mirrored, bool) and room > 1
        near = [one for one in self._boxes_in(frame) if iou(one, box) > 0.3]
        return Observation(near[0], 0.9, np.full((6, 2), 0.5, np.float32)) if near else None

    def is_face(self, frame: Frame, observation: Observation) -> bool:
        return bool(frame.width and observation.score)

    def score(self, frame: Frame, keypoints: Sequence[NDArray[np.float32]]) -> list[FaceScore]:
        self._boxes_in(frame)
        self.scored += [frame.index] * len(keypoints)
        quality = Quality.COVERED if frame.index in self._covered else self._quality
        score = self._score if quality is Quality.GOOD else math.nan
        return [FaceScore(score, quality, self._mouth_openness) for _ in keypoints]

    def _boxes_in(self, frame: Frame) -> Sequence[Box]:
        if frame.index in self._failing:
            self.failures += 1
            raise ValueError("unforeseen")
        return self._boxes if frame.index in self._seen else ()


def _contains(region: Region, box: Box, frame: Frame) -> bool:
    left, top = box[0] * frame.width, box[1] * frame.height
    right, bottom = left + box[2] * frame.width, top + box[3] * frame.height
    return (
        region.x <= left
        and region.y <= top
        and right <= region.x + region.width
        and bottom <= region.y + region.height
    )


def attention_for(vision: Vision, budget_ms_per_s: float = 1000.0) -> FaceAttention:
    """Return attention with the default settings and a budget that does not run out."""
    budget = CpuBudget(budget_ms_per_s, clock=lambda: 0.0)
    return FaceAttention(vision, max_missed_ms=1000, min_face_px=24, budget=budget)


class RecordingSink(Sink):
    """Records events, phases and track ids; fails at the first ``ended`` if `fails`."""

    def __init__(self, fails: bool = False) -> None:
        self.events: list[dict[str, Any]] = []
        self.phases: list[str] = []
        self.track_ids: list[int] = []
        self._fails = fails

    def offer(self, record: OutboxRecord) -> None:
        event = json.loads(record.payload)
        self.events.append(event)
        self.phases.append(event["phase"])
        self.track_ids.append(event["track_id"])
        if self._fails and self.phases[-1] == "ended":
            raise SinkError("closed")


class RecordingViewer:
    """Keeps what the loop shows."""

    def __init__(self, is_watched: bool) -> None:
        self.is_watched = is_watched
        self.shown: list[tuple[int, list[FaceMark]]] = []
        self.frame_rates: list[float | None] = []
        self.overlays: list[Overlay] = []

    def show(
        self,
        frame: Frame,
        faces: Sequence[FaceMark],
        frame_rate: float | None = None,
        overlay: Overlay = NO_OVERLAY,
    ) -> None:
        self.overlays.append(overlay)
        self.shown.append((frame.index, list(faces)))
        self.frame_rates.append(frame_rate)


def loop_of(
    camera: FakeCamera,
    vision: FakeVision,
    sink: RecordingSink,
    gate: ClockGate | None = None,
    **options: Any,
) -> EdgeLoop:
    """Return a loop that publishes to a sink through a real outbox."""
    return EdgeLoop(
        camera,
        vision=vision,
        attention=attention_for(vision),
        rules=RULES,
        events=EventMaker("cam-1", Model("0" * 64, 0.7, 0.5), camera.time_at),
        gate=gate or ClockGate(Publisher(Outbox(None), [sink]), follows_clock=False),
        **options,
    )
