"""Measure tracks and smiles on synthetic scenes: ``python -m bench.edge.tracking [scene…]``.

The whole loop of the device runs on every scene. TrackEval compares its tracks with the people of
the scene: HOTA (Luiten et al., IJCV 2021), MOTA (Bernardin and Stiefelhagen, 2008) and IDF1
(Ristani et al., 2016). A track is on a face when their boxes overlap by half (IoU).
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trackeval

from bench.edge.run_loop import Recorder, make_vision, run_loop
from bench.edge.smile_score import (
    FRAME_MS,
    MIN_IOU,
    SmileScore,
    people_of_tracks,
    score_smiles,
    to_px,
    true_smiles,
)
from bench.report import machine, table, versions, write_section
from bench.scenes.catalog import SCENES, SIZE_SCENES
from bench.scenes.scene import Face, Scene
from bench.scenes.video import scene_video
from edge_lambda.faces.vision import SmileVision
from edge_lambda.stream import FaceMark
from smile_vision.faces.boxes import iou

NEW_PERSON_MS = 2000  # who was out of sight for longer counts as another person
LONG_TRACK_MS = 1000
MIXED_MS = 200  # a track that was this long on a second person is on two people
HIDDEN_IOU = 0.3  # a box on a hidden face is neither right nor wrong
_HEAD = (
    "scene", "people", "HOTA", "MOTA", "IDF1", "switches", "fragments", "tracks ≥ 1 s",
    "on two people", "smiles", "found", "missed", "split", "invented", "start error", "end error",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SceneResult:
    """What was measured on a scene.

    Attributes
    ----------
    metrics : dict
        Results of TrackEval by family: ``HOTA``, ``CLEAR``, ``Identity``.
    people : int
    long_tracks, mixed_tracks : int
        Tracks of a second or more; tracks that were on two people.
    smiles : SmileScore
    """

    metrics: dict[str, dict[str, Any]]
    people: int
    long_tracks: int
    mixed_tracks: int
    smiles: SmileScore


def measure(scene: Scene, vision: SmileVision) -> SceneResult:
    """Run the loop on a scene and compare tracks and smiles with the truth."""
    path, frames = scene_video(scene)
    recorder = Recorder()
    run = run_loop(path, vision, recorder)
    people = people_of_tracks(frames, recorder.shown, scene.size)
    lengths = Counter(mark.track_id for marks in recorder.shown.values() for mark in marks)
    data = tracking_data(frames, recorder.shown, scene.size)
    return SceneResult(
        metrics={name: metric.eval_sequence(data) for name, metric in METRICS.items()},
        people=data["num_gt_ids"],
        long_tracks=sum(length * FRAME_MS >= LONG_TRACK_MS for length in lengths.values()),
        mixed_tracks=sum(
            sum(count * FRAME_MS >= MIXED_MS for count in of_track.values()) > 1
            for of_track in people.values()
        ),
        smiles=score_smiles(true_smiles(frames), run.smiles, people),
    )


def tracking_data(
    frames: Sequence[Sequence[Face]],
    shown: Mapping[int, Sequence[FaceMark]],
    size: tuple[int, int],
) -> dict[str, Any]:
    """Return truth and tracks as TrackEval takes them: ids from 0 and overlaps, by frame."""
    visits = _visits(frames)
    track_ids: dict[int, int] = {}
    true_ids, found_ids, overlaps = [], [], []
    for index, faces in enumerate(frames):
        visible = [face for face in faces if face.is_visible]
        hidden = [face for face in faces if not face.is_visible]
        boxes = []
        for mark in shown.get(index, ()):
            box = to_px(mark.box, size)
            is_on_face = any(iou(box, face.box) >= MIN_IOU for face in visible)
            if is_on_face or all(iou(box, face.box) < HIDDEN_IOU for face in hidden):
                boxes.append((track_ids.setdefault(mark.track_id, len(track_ids)), box))
        true_ids.append(np.array([visits[index][face.identity] for face in visible], int))
        found_ids.append(np.array([number for number, _ in boxes], int))
        shared = [[iou(face.box, box) for _, box in boxes] for face in visible]
        overlaps.append(np.array(shared, float).reshape(len(visible), len(boxes)))
    return {
        "num_timesteps": len(frames),
        "num_gt_ids": len({number for numbers in true_ids for number in numbers.tolist()}),
        "num_tracker_ids": len(track_ids),
        "num_gt_dets": sum(map(len, true_ids)),
        "num_tracker_dets": sum(map(len, found_ids)),
        "gt_ids": true_ids,
        "tracker_ids": found_ids,
        "similarity_scores": overlaps,
    }


def _visits(frames: Sequence[Sequence[Face]]) -> list[dict[int, int]]:
    """Return the number of each visible person by frame; who returns late gets another one."""
    numbers: dict[tuple[int, int], int] = {}
    visit: Counter[int] = Counter()
    last_seen: dict[int, int] = {}
    result = []
    for index, faces in enumerate(frames):
        of_frame = {}
        for face in faces:
            if not face.is_visible:
                continue
            away = index - last_seen.get(face.identity, index)
            visit[face.identity] += away * FRAME_MS > NEW_PERSON_MS
            last_seen[face.identity] = index
            key = (face.identity, visit[face.identity])
            of_frame[face.identity] = numbers.setdefault(key, len(numbers))
        result.append(of_frame)
    return result


def combine(results: Mapping[str, SceneResult]) -> SceneResult:
    """Return the result over all scenes."""
    smiles = SmileScore()
    for result in results.values():
        smiles.add(result.smiles)
    return SceneResult(
        metrics={
            name: metric.combine_sequences(
                {scene: result.metrics[name] for scene, result in results.items()}
            )
            for name, metric in METRICS.items()
        },
        people=sum(result.people for result in results.values()),
        long_tracks=sum(result.long_tracks for result in results.values()),
        mixed_tracks=sum(result.mixed_tracks for result in results.values()),
        smiles=smiles,
    )


def row_of(name: str, result: SceneResult) -> list[str]:
    """Return the cells of a scene's row."""
    clear, smiles = result.metrics["CLEAR"], result.smiles
    shares = (
        float(np.mean(result.metrics["HOTA"]["HOTA"])),
        float(clear["MOTA"]),
        float(result.metrics["Identity"]["IDF1"]),
    )
    return [
        name.replace("_", " "),
        str(result.people),
        *(f"{share:.3f}" if result.people else "-" for share in shares),
        *(str(int(clear[key])) if result.people else "-" for key in ("IDSW", "Frag")),
        str(result.long_tracks),
        str(result.mixed_tracks),
        str(smiles.found + smiles.missed),
        str(smiles.found),
        str(smiles.missed),
        str(smiles.split),
        str(smiles.invented),
        _errors(smiles.start_errors_ms),
        _errors(smiles.end_errors_ms),
    ]


def _errors(errors_ms: Sequence[float]) -> str:
    """Return the median and the largest deviation of times, in s."""
    if not errors_ms:
        return "-"
    sizes = [abs(error) / 1000 for error in errors_ms]
    return f"{statistics.median(sizes):.2f} / {max(sizes):.2f}"


METRICS = {
    "HOTA": trackeval.metrics.HOTA(),
    "CLEAR": trackeval.metrics.CLEAR({"THRESHOLD": MIN_IOU, "PRINT_CONFIG": False}),
    "Identity": trackeval.metrics.Identity({"THRESHOLD": MIN_IOU, "PRINT_CONFIG": False}),
}


def main() -> None:
    """Print a row for each scene and one for all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scenes", nargs="*", metavar="scene", help=", ".join(SCENES))
    parser.add_argument(
        "--sizes", action="store_true", help="play the people of the bundled clip at many sizes"
    )
    parser.add_argument("--markdown", type=Path, help="write the table into this document")
    options = parser.parse_args()
    scenes = SIZE_SCENES if options.sizes else SCENES
    unknown = set(options.scenes) - scenes.keys()
    if unknown:
        parser.error(f"unknown scenes {', '.join(sorted(unknown))}: expected {', '.join(scenes)}")
    vision = make_vision()
    results = {name: measure(scenes[name], vision) for name in options.scenes or scenes}
    rows = [row_of(name, result) for name, result in results.items()]
    text = table(_HEAD, [*rows, row_of("all", combine(results))])
    print(text)
    if options.markdown:
        note = f"Measured on {machine()}, {versions('trackeval', 'av', 'ai-edge-litert')}."
        section = "sizes" if options.sizes else "tracking"
        write_section(options.markdown, section, f"{note}\n\n{text}")


if __name__ == "__main__":
    main()
