"""Compare the smiles that the device reports with the smiles of a scene."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.edge.run_loop import DetectedSmile
from bench.scenes.scene import FRAME_RATE, Face
from edge_lambda.stream import FaceMark
from smile_vision.faces.boxes import Box, iou

__all__ = ["SmileScore", "TrueSmile", "people_of_tracks", "score_smiles", "true_smiles"]

SAME_PERSON_IOU = 0.2  # a box that is far from exact still says which person it is on
MIN_DURATION_MS = 500.0  # shorter ones need not be reported
MAX_HIDDEN_MS = 1200.0  # a smile that goes on behind something is one smile
FRAME_MS = 1000 / FRAME_RATE


@dataclass(frozen=True, slots=True)
class TrueSmile:
    """A smile of a scene, in ms since the first frame."""

    identity: int
    start_ms: float
    end_ms: float


@dataclass(slots=True)
class SmileScore:
    """How the reported smiles agree with the truth.

    Attributes
    ----------
    found, missed : int
        Of the true smiles.
    split : int
        Additional reports of a smile that was found already.
    invented : int
        Reports without a true smile of that person at that time.
    start_errors_ms, end_errors_ms : list of float
        Of the found smiles; positive is late.
    """

    found: int = 0
    missed: int = 0
    split: int = 0
    invented: int = 0
    start_errors_ms: list[float] = field(default_factory=list)
    end_errors_ms: list[float] = field(default_factory=list)

    def add(self, other: SmileScore) -> None:
        """Add the counts and errors of another scene."""
        self.found += other.found
        self.missed += other.missed
        self.split += other.split
        self.invented += other.invented
        self.start_errors_ms += other.start_errors_ms
        self.end_errors_ms += other.end_errors_ms


def true_smiles(frames: Sequence[Sequence[Face]]) -> list[TrueSmile]:
    """Return the smiles that can be seen in a scene, long enough to be reported."""
    spans: dict[int, list[list[int]]] = {}
    smiling_since: dict[int, int] = {}
    for index, faces in enumerate(frames):
        for face in faces:
            if not face.is_smiling:
                smiling_since.pop(face.identity, None)
                continue
            begun = smiling_since.setdefault(face.identity, index)
            if not face.is_visible:
                continue
            of_person = spans.setdefault(face.identity, [])
            goes_on = of_person and of_person[-1][1] >= begun
            if goes_on and (index - of_person[-1][1]) * FRAME_MS <= MAX_HIDDEN_MS:
                of_person[-1][1] = index
            else:
                of_person.append([index, index])
    smiles = [
        TrueSmile(identity, first * FRAME_MS, (last + 1) * FRAME_MS)
        for identity, of_person in spans.items()
        for first, last in of_person
    ]
    return [smile for smile in smiles if smile.end_ms - smile.start_ms >= MIN_DURATION_MS]


def people_of_tracks(
    frames: Sequence[Sequence[Face]],
    shown: Mapping[int, Sequence[FaceMark]],
    size: tuple[int, int],
) -> dict[int, Counter[int]]:
    """Return in how many frames each track was on which person."""
    people: dict[int, Counter[int]] = {}
    for index, marks in shown.items():
        for mark in marks:
            counter = people.setdefault(mark.track_id, Counter())
            box = to_px(mark.box, size)
            overlaps = [(iou(box, face.box), face.identity) for face in frames[index]]
            best, identity = max(overlaps, default=(0.0, -1))
            if best >= SAME_PERSON_IOU:
                counter[identity] += 1
    return people


def score_smiles(
    truth: Sequence[TrueSmile],
    detected: Sequence[DetectedSmile],
    people: Mapping[int, Counter[int]],
) -> SmileScore:
    """Compare reported with true smiles; `people` is from `people_of_tracks`."""
    score = SmileScore()
    reports: dict[TrueSmile, list[DetectedSmile]] = {smile: [] for smile in truth}
    for report in detected:
        common = people.get(report.track_id, Counter()).most_common(1)
        identity = common[0][0] if common else None
        overlapping = [
            (min(smile.end_ms, report.end_ms) - max(smile.start_ms, report.start_ms), smile)
            for smile in truth
            if smile.identity == identity
        ]
        shared, smile = max(overlapping, key=lambda pair: pair[0], default=(0.0, None))
        if smile is None or shared <= 0:
            score.invented += 1
        else:
            reports[smile].append(report)
    for smile, of_smile in reports.items():
        if not of_smile:
            score.missed += 1
            continue
        score.found += 1
        score.split += len(of_smile) - 1
        score.start_errors_ms.append(min(one.start_ms for one in of_smile) - smile.start_ms)
        score.end_errors_ms.append(max(one.end_ms for one in of_smile) - smile.end_ms)
    return score


def to_px(box: Box, size: tuple[int, int]) -> Box:
    """Convert a box from shares of the frame to px."""
    return box[0] * size[0], box[1] * size[1], box[2] * size[0], box[3] * size[1]
