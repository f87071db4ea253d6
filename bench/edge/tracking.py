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
    SmileScore,
    people_of_tracks,
    score_smiles,
    true_smiles,
)
from bench.edge.track_data import MIN_IOU, tracking_data
from bench.report import machine, table, versions, write_section
from bench.scenes.catalog import SCENES, SIZE_SCENES
from bench.scenes.scene import Scene
from bench.scenes.video import scene_video
from edge_lambda.faces.vision import SmileVision

LONG_TRACK_MS = 1000
MIXED_MS = 200  # a track that was this long on a second person is on two people
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
