"""A room with people at known places: frames with real motion, and networks that find them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import av
import numpy as np
from numpy.typing import NDArray

from edge_lambda.camera import Frame
from edge_lambda.faces.attention import FaceAttention
from edge_lambda.faces.budget import CpuBudget
from edge_lambda.faces.observation import Observation
from edge_lambda.faces.search_plan import Region
from edge_lambda.faces.track import Track
from smile_vision.faces.boxes import Box
from smile_vision.smiles.quality import Quality
from smile_vision.smiles.score import FaceScore

STEP_MS = 40.0
_LOOK_OFF_CENTRE, _LOOK_RATIO, _USUAL_ROOM = 0.4, (0.5, 1.9), 2.2  # as `VideoFaceDetector.look`
_SEARCH_SHARE = 0.06  # of a region: a search finds no smaller faces

Path = Callable[[float], Box | None]


@dataclass(eq=False)
class Person:
    """Somebody in the room.

    Attributes
    ----------
    path : callable
        Box at a time in ms, relative to the frame; None while nobody can see the face.
    score : float
        Of every closer look.
    likeness : callable or None
        Score at a time in ms instead.
    is_thing : bool
        The face check rejects it.
    """

    path: Path
    score: float = 0.95
    likeness: Callable[[float], float] | None = None
    is_thing: bool = False


def stays(box: Box, since_ms: float = 0.0, until_ms: float = math.inf) -> Path:
    """Return the path of somebody who does not move."""
    return lambda at_ms: box if since_ms <= at_ms < until_ms else None


def walks(box: Box, dx_per_s: float, dy_per_s: float = 0.0) -> Path:
    """Return the path of somebody with constant speed, in frames per s."""
    x, y, width, height = box
    return lambda at_ms: (x + dx_per_s * at_ms / 1000, y + dy_per_s * at_ms / 1000, width, height)


@dataclass
class FakeRoom:
    """Networks that know where the people are, and frames that show them as moving squares.

    Attributes
    ----------
    people : sequence of Person
    size : tuple of int
        Width and height of the frames, px.
    cost_ms : float
        What a search or a look adds to `spent_s`.
    """

    people: Sequence[Person] = ()
    size: tuple[int, int] = (640, 360)
    cost_ms: float = 0.0
    spent_s: float = 0.0
    searched: list[tuple[float, Region]] = field(default_factory=list)
    looked: list[tuple[float, Box, bool]] = field(default_factory=list)
    checked: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        width, height = self.size
        cells = np.random.default_rng(0).integers(60, 120, (9, 16), dtype=np.uint8)
        rows, columns = np.arange(height) * 9 // height, np.arange(width) * 16 // width
        self._wall = cells[rows[:, np.newaxis], columns]

    def frame(self, index: int, at_ms: float) -> Frame:
        """Return the frame at a time."""
        pixels = self._wall.copy()
        for person in self.people:
            box = person.path(at_ms)
            if box is not None:
                _draw(pixels, box)
        return Frame(index, at_ms, av.VideoFrame.from_ndarray(pixels, format="gray"))

    def search(self, frame: Frame, region: Region) -> list[Box]:
        self._spend()
        self.searched.append((frame.position_ms, region))
        return [box for box in self._boxes(frame) if _shows(region, box, frame)]

    def look(
        self, frame: Frame, box: Box, room: float, *, is_mirrored: bool = False
    ) -> Observation | None:
        self._spend()
        self.looked.append((frame.position_ms, box, is_mirrored))
        for person in self.people:
            found = person.path(frame.position_ms)
            if found is None:
                continue
            off = math.hypot(
                (found[0] - box[0] + (found[2] - box[2]) / 2) / box[2],
                (found[1] - box[1] + (found[3] - box[3]) / 2) / box[3],
            )
            ratio = found[2] / box[2]
            if (
                off < _LOOK_OFF_CENTRE * room / _USUAL_ROOM
                and _LOOK_RATIO[0] < ratio < _LOOK_RATIO[1]
            ):
                likeness = person.likeness
                score = person.score if likeness is None else likeness(frame.position_ms)
                return Observation(found, score, _keypoints(found))
        return None

    def is_face(self, frame: Frame, observation: Observation) -> bool:
        self.checked.append(frame.position_ms)
        return not any(
            person.is_thing and person.path(frame.position_ms) == observation.box
            for person in self.people
        )

    def score(self, frame: Frame, keypoints: Sequence[NDArray[np.float32]]) -> list[FaceScore]:
        assert frame.width
        return [FaceScore(0.1, Quality.GOOD) for _ in keypoints]

    def person_at(self, track: Track) -> Person | None:
        """Return the person whose face a track was last seen on."""
        for person in self.people:
            if person.path(track.seen_ms) == track.seen.box:
                return person
        return None

    def _boxes(self, frame: Frame) -> list[Box]:
        paths = [person.path(frame.position_ms) for person in self.people]
        return [box for box in paths if box is not None]

    def _spend(self) -> None:
        self.spent_s += self.cost_ms / 1000


def attention_in(
    room: FakeRoom,
    *,
    budget_ms_per_s: float = 1000.0,
    max_missed_ms: float = 1000.0,
    min_face_px: float = 24.0,
) -> FaceAttention:
    """Return attention whose budget is charged with the room's costs alone."""
    budget = CpuBudget(budget_ms_per_s, clock=lambda: room.spent_s)
    return FaceAttention(room, max_missed_ms=max_missed_ms, min_face_px=min_face_px, budget=budget)


def attend(
    attention: FaceAttention,
    room: FakeRoom,
    until_ms: float,
    *,
    step_ms: float = STEP_MS,
    since_ms: float = 0.0,
) -> Iterator[tuple[float, list[Track]]]:
    """Yield the time and the faces lost, after each frame."""
    count = math.ceil((until_ms - since_ms) / step_ms)
    for index in range(count):
        at_ms = since_ms + index * step_ms
        yield at_ms, attention.attend(room.frame(index, at_ms))


def watch(attention: FaceAttention, room: FakeRoom, until_ms: float, **options: float) -> None:
    """Attend to the frames until a time."""
    for _ in attend(attention, room, until_ms, **options):
        pass


def _draw(pixels: NDArray[np.uint8], box: Box) -> None:
    height, width = pixels.shape
    left, top = max(round(box[0] * width), 0), max(round(box[1] * height), 0)
    right, bottom = round((box[0] + box[2]) * width), round((box[1] + box[3]) * height)
    pixels[top : max(bottom, top), left : max(right, left)] = 200


def _shows(region: Region, box: Box, frame: Frame) -> bool:
    left, top = box[0] * frame.width, box[1] * frame.height
    right, bottom = left + box[2] * frame.width, top + box[3] * frame.height
    side = max(region.width, region.height)
    return (
        region.x <= left
        and region.y <= top
        and right <= region.x + region.width
        and bottom <= region.y + region.height
        and right - left >= _SEARCH_SHARE * side
    )


def _keypoints(box: Box) -> NDArray[np.float32]:
    x, y, width, height = box
    points = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.55], [0.5, 0.75], [0.1, 0.4], [0.9, 0.4]])
    return (points * (width, height) + (x, y)).astype(np.float32)
