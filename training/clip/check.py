"""Compare the bundled clip with its ground truth: ``python -m training.clip.check``.

Runs the shipped face detectors and the smile classifier on every frame. Fails when a detector
misses a face, or when a person's smile scores do not separate the smiles from the rest.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.detector import EDGE_KIND, FaceDetector
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from training.clip.frames import CLIP, decode, rgb_of
from training.command_line import run_command
from training.errors import TrainingError

__all__ = [
    "Measured",
    "detection_faults",
    "episodes_of",
    "extra_face_faults",
    "main",
    "measure",
    "score_faults",
]

KINDS = (EDGE_KIND, "back", "short")  # the first one's key points make the crops
TRANSITION_MS = 400  # around a start or end, when any score is right
NEUTRAL_BELOW, SMILING_ABOVE = 0.15, 0.85


@dataclass(frozen=True)
class Measured:
    """What detectors and classifier return for some frames.

    Attributes
    ----------
    times_ms
        Of the frames, float64 (N,).
    scores
        Smile scores per person, float32 (P, N); NaN where the face was not found.
    face_scores
        Face scores per person, by kind of detector, float32 (P, N); 0 where the face was missed.
    found
        Number of faces found, by kind of detector, int (N,).
    """

    times_ms: NDArray[np.float64]
    scores: NDArray[np.float32]
    face_scores: dict[str, NDArray[np.float32]]
    found: dict[str, NDArray[np.int_]]


def measure(
    clip: Path,
    people: list[dict[str, Any]],
    *,
    every: int = 1,
    kinds: tuple[str, ...] = KINDS,
) -> Measured:
    """Run detectors and classifier on a clip.

    Parameters
    ----------
    clip
        The video file.
    people
        Of the ground truth.
    every
        Use every n-th frame only.
    kinds
        Detectors. The first one's key points make the crops.

    Returns
    -------
    Measured
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
        rgb = rgb_of(frame)
        grey = frame.to_ndarray(format="gray").astype(np.uint8, copy=False)
        for kind, detector in detectors.items():
            faces = detector.detect(rgb)
            found = [face_in(faces, person["box"]) for person in people]
            face_scores[kind].append([face.score if face else 0.0 for face in found])
            counts[kind].append(len(faces))
            if kind == kinds[0]:
                scores.append([smile_score(classifier, grey, face) for face in found])
    return Measured(
        np.array(times),
        np.array(scores, np.float32).T,
        {kind: np.array(rows, np.float32).T for kind, rows in face_scores.items()},
        {kind: np.array(numbers) for kind, numbers in counts.items()},
    )


def face_in(faces: list[FaceDetection], box: list[float]) -> FaceDetection | None:
    """Return the face whose centre lies in `box` ([x, y, w, h] in pixels), if any."""
    x, y, width, height = box
    for face in faces:
        centre_x = face.box[0] + face.box[2] / 2
        centre_y = face.box[1] + face.box[3] / 2
        if x <= centre_x <= x + width and y <= centre_y <= y + height:
            return face
    return None


def smile_score(
    classifier: SmileClassifier, grey: NDArray[np.uint8], face: FaceDetection | None
) -> float:
    """Return the smile score of one face; NaN without a face."""
    if face is None:
        return float("nan")
    return float(classifier.smile_scores(crop_face(grey, face.keypoints)[None])[0])


def smiling(
    times_ms: NDArray[np.float64], episodes: list[tuple[int, int]], margin_ms: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which frames lie inside an episode, and which outside all of them.

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
    """Return (start, end) in ms of each smile of a person."""
    return [(e["start_ms"], e["end_ms"]) for e in truth["episodes"] if e["person"] == person]


def detection_faults(truth: dict[str, Any], measured: Measured) -> Iterator[str]:
    """Yield a line for each person with missed detections while the whole face is visible."""
    for index, person in enumerate(truth["people"]):
        first, last = person["present_ms"]
        present = (measured.times_ms >= first) & (measured.times_ms <= last)
        for kind, rows in measured.face_scores.items():
            missed = int((rows[index][present] == 0).sum())
            if missed:
                yield f"{person['name']}: detector {kind} misses {missed} frames"


def extra_face_faults(truth: dict[str, Any], measured: Measured) -> Iterator[str]:
    """Yield a line for each detector that found more faces than people are visible."""
    visible = np.zeros(len(measured.times_ms), int)
    for person in truth["people"]:
        first, last = person["visible_ms"]
        visible += (measured.times_ms >= first) & (measured.times_ms <= last)
    for kind, numbers in measured.found.items():
        excess = int((numbers > visible).sum())
        if excess:
            yield f"detector {kind} finds too many faces in {excess} frames"


def score_faults(truth: dict[str, Any], measured: Measured) -> Iterator[str]:
    """Yield a line for each person whose scores do not separate the smiles from the rest."""
    for index, person in enumerate(truth["people"]):
        scores = measured.scores[index]
        inside, outside = smiling(measured.times_ms, episodes_of(truth, index), TRANSITION_MS)
        known = ~np.isnan(scores)
        lowest, highest = scores[inside & known].min(), scores[outside & known].max()
        print(f"{person['name']}: neutral up to {highest:.3f}, smiling from {lowest:.3f}")
        if highest > NEUTRAL_BELOW:
            yield f"{person['name']}: scores up to {highest:.2f} without a smile"
        if lowest < SMILING_ABOVE:
            yield f"{person['name']}: scores down to {lowest:.2f} while smiling"


def check(folder: Path) -> None:
    """Compare the clip in `folder` with its ground truth and print the scores.

    Raises
    ------
    TrainingError
        When a face is missed, a smile does not stand out, or the folder holds no clip.
    """
    try:
        truth = json.loads((folder / "smiles.json").read_text(encoding="utf-8"))
        measured = measure(folder / truth["clip"], truth["people"])
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"no clip with ground truth in {folder.name}: {error}") from error
    for kind, rows in measured.face_scores.items():
        lowest = [f"{row[row > 0].min():.2f}" for row in rows]
        print(f"{kind}: lowest face score {', '.join(lowest)}")
    checks = (detection_faults, extra_face_faults, score_faults)
    faults = [fault for some in checks for fault in some(truth, measured)]
    if faults:
        raise TrainingError("; ".join(faults))
    print("all faces are found, and the scores separate all smiles")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Compare the bundled clip with its ground truth.")
    parser.add_argument(
        "--clip", type=Path, default=CLIP.parent, help="folder with the clip and its ground truth"
    )
    check(parser.parse_args(arguments).clip)


if __name__ == "__main__":
    run_command(main)
