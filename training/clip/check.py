"""Judge the bundled clip with the shipped vision: ``python -m training.clip.check``.

Fails when a detector misses a face in any frame, or when a person's smile scores do not tell
every episode of the ground truth from the time around it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.detector import EDGE_KIND, FaceDetector
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from training.clip.plot import plot_scores
from training.command_line import run_command
from training.errors import TrainingError
from training.workspace import REPOSITORY

__all__ = [
    "CLIP_FOLDER",
    "Watched",
    "episode_faults",
    "episodes_of",
    "face_faults",
    "main",
    "stranger_faults",
    "watch",
]

CLIP_FOLDER = REPOSITORY / "local" / "clip"
KINDS = (EDGE_KIND, "back", "short")  # the first one's key points make the crops
TRANSITION_MS = 400  # around a start or end, when a score may be anything
NEUTRAL_BELOW, SMILING_ABOVE = 0.15, 0.85


@dataclass(frozen=True)
class Watched:
    """What the vision saw in some frames.

    Attributes
    ----------
    times_ms
        Of the frames, float64 (N,).
    scores
        Smile scores per person, float32 (P, N); NaN where the face was not found.
    face_scores
        How sure each detector was of each person's face, by kind, float32 (P, N); 0 if missed.
    found
        How many faces each detector found, by kind, int (N,).
    """

    times_ms: NDArray[np.float64]
    scores: NDArray[np.float32]
    face_scores: dict[str, NDArray[np.float32]]
    found: dict[str, NDArray[np.int_]]


def decode(clip: Path) -> Iterator[tuple[float, av.VideoFrame]]:
    """Yield (media time in ms, frame) for every frame of a video file."""
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            yield float(frame.time or 0) * 1000, frame


def watch(
    clip: Path,
    people: list[dict[str, Any]],
    *,
    every: int = 1,
    kinds: tuple[str, ...] = KINDS,
) -> Watched:
    """Run detectors and classifier over a clip.

    Parameters
    ----------
    clip
        The video file.
    people
        Of the ground truth.
    every
        Look at every n-th frame only.
    kinds
        Detectors; the first one's key points make the crops.

    Returns
    -------
    Watched
        Scores by person and time.
    """
    classifier = SmileClassifier.load()
    detectors = {kind: FaceDetector.load(kind) for kind in kinds}
    times: list[float] = []
    scores: list[list[float]] = []
    face_scores: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    counts: dict[str, list[int]] = {kind: [] for kind in kinds}
    for index, (t_ms, frame) in enumerate(decode(clip)):
        if index % every:
            continue
        times.append(t_ms)
        rgb = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
        grey = frame.to_ndarray(format="gray").astype(np.uint8, copy=False)
        for kind, detector in detectors.items():
            faces = detector.detect(rgb)
            found = [whose(faces, person["box"]) for person in people]
            face_scores[kind].append([face.score if face else 0.0 for face in found])
            counts[kind].append(len(faces))
            if kind == kinds[0]:
                scores.append([score(classifier, grey, face) for face in found])
    return Watched(
        np.array(times),
        np.array(scores, np.float32).T,
        {kind: np.array(rows, np.float32).T for kind, rows in face_scores.items()},
        {kind: np.array(numbers) for kind, numbers in counts.items()},
    )


def whose(faces: list[FaceDetection], box: list[float]) -> FaceDetection | None:
    """Return the face whose middle lies in `box` ([x, y, w, h] in pixels), if any."""
    x, y, width, height = box
    for face in faces:
        middle_x = face.box[0] + face.box[2] / 2
        middle_y = face.box[1] + face.box[3] / 2
        if x <= middle_x <= x + width and y <= middle_y <= y + height:
            return face
    return None


def score(
    classifier: SmileClassifier, grey: NDArray[np.uint8], face: FaceDetection | None
) -> float:
    """Return the smile score of one face; NaN when there is none."""
    if face is None:
        return float("nan")
    return float(classifier.smile_scores(crop_face(grey, face.keypoints)[None])[0])


def smiling(
    times_ms: NDArray[np.float64], episodes: list[tuple[int, int]], margin_ms: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell the frames surely inside an episode from those surely outside all of them.

    Parameters
    ----------
    times_ms
        Of the frames, float64 (N,).
    episodes
        (start, end) in ms.
    margin_ms
        Frames nearer than this to a start or end belong to neither.

    Returns
    -------
    tuple of ndarray
        Inside and outside, bool (N,) each.
    """
    inside = np.zeros(len(times_ms), bool)
    outside = np.ones(len(times_ms), bool)
    for start, end in episodes:
        inside |= (times_ms >= start + margin_ms) & (times_ms <= end - margin_ms)
        outside &= (times_ms <= start - margin_ms) | (times_ms >= end + margin_ms)
    return inside, outside


def episodes_of(truth: dict[str, Any], person: int) -> list[tuple[int, int]]:
    """Return (start, end) in ms of each of a person's smiles."""
    return [(e["start_ms"], e["end_ms"]) for e in truth["episodes"] if e["person"] == person]


def face_faults(truth: dict[str, Any], watched: Watched) -> Iterator[str]:
    """Yield a line for every person whom a detector missed while wholly in the picture."""
    for index, person in enumerate(truth["people"]):
        first, last = person["present_ms"]
        present = (watched.times_ms >= first) & (watched.times_ms <= last)
        for kind, rows in watched.face_scores.items():
            missed = int((rows[index][present] == 0).sum())
            if missed:
                yield f"{person['name']}: detector {kind} misses {missed} frames"


def stranger_faults(truth: dict[str, Any], watched: Watched) -> Iterator[str]:
    """Yield a line for every detector that found more faces than there are people in sight."""
    in_sight = np.zeros(len(watched.times_ms), int)
    for person in truth["people"]:
        first, last = person["visible_ms"]
        in_sight += (watched.times_ms >= first) & (watched.times_ms <= last)
    for kind, numbers in watched.found.items():
        excess = int((numbers > in_sight).sum())
        if excess:
            yield f"detector {kind} finds too many faces in {excess} frames"


def episode_faults(truth: dict[str, Any], watched: Watched) -> Iterator[str]:
    """Yield a line for every person whose scores do not separate smiles from the rest."""
    for index, person in enumerate(truth["people"]):
        scores = watched.scores[index]
        inside, outside = smiling(watched.times_ms, episodes_of(truth, index), TRANSITION_MS)
        seen = ~np.isnan(scores)
        lowest, highest = scores[inside & seen].min(), scores[outside & seen].max()
        print(f"{person['name']}: neutral up to {highest:.3f}, smiling from {lowest:.3f}")
        if highest > NEUTRAL_BELOW:
            yield f"{person['name']}: scores up to {highest:.2f} without a smile"
        if lowest < SMILING_ABOVE:
            yield f"{person['name']}: scores down to {lowest:.2f} while smiling"


def check(folder: Path, plot: Path) -> None:
    """Watch the clip of `folder`, print what was seen and draw the scores.

    Raises
    ------
    TrainingError
        When a face is missed or an episode is not separable, or there is no clip.
    """
    try:
        truth = json.loads((folder / "smiles.json").read_text(encoding="utf-8"))
        watched = watch(folder / truth["clip"], truth["people"])
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"no clip with ground truth in {folder.name}: {error}") from error
    for kind, rows in watched.face_scores.items():
        sure = [f"{row[row > 0].min():.2f}" for row in rows]
        print(f"{kind}: lowest face score {', '.join(sure)}")
    plot.parent.mkdir(parents=True, exist_ok=True)
    episodes = [episodes_of(truth, index) for index in range(len(truth["people"]))]
    plot_scores(watched.times_ms, watched.scores, episodes, plot)
    judges = (face_faults, stranger_faults, episode_faults)
    faults = [fault for judge in judges for fault in judge(truth, watched)]
    if faults:
        raise TrainingError("; ".join(faults))
    print("every face is found and every episode stands out")


def main(arguments: list[str] | None = None) -> None:
    """Check a clip from the command line."""
    parser = argparse.ArgumentParser(description="Judge the bundled clip with the shipped vision.")
    parser.add_argument("--clip", type=Path, default=CLIP_FOLDER, help="folder of clip and truth")
    parser.add_argument("--plot", type=Path, default=REPOSITORY / "build" / "clip" / "scores.png")
    options = parser.parse_args(arguments)
    check(options.clip, options.plot)


if __name__ == "__main__":
    run_command(main)
