"""Measure each stage of the loop on a clip: ``python -m bench.edge.stages clip.mp4``.

The numbers are the processor time of the loop's thread, as the median over the frames, so a busy
machine changes them little. Decoding runs in other threads and counts in the total only.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from edge_lambda.camera import Frame, FrameSource, open_source
from edge_lambda.faces.scene_cut import SceneCutDetector
from edge_lambda.faces.tracker import Tracker
from edge_lambda.faces.vision import SmileVision
from edge_lambda.settings import CameraSettings
from edge_lambda.smiles.episode import EpisodeDetector, EpisodeRules

Result = TypeVar("Result")


class Stopwatch:
    """Collects the times of each stage."""

    def __init__(self) -> None:
        self.times_ms: dict[str, list[float]] = defaultdict(list)

    def time(self, stage: str, work: Callable[[], Result]) -> Result:
        """Run a stage, store its time and return its result."""
        begun = time.thread_time()
        result = work()
        self.times_ms[stage].append((time.thread_time() - begun) * 1000)
        return result


def frames(source: FrameSource, watch: Stopwatch) -> Iterator[Frame]:
    """Yield the frames of a file and time the decoding."""
    frames = source.frames()
    while True:
        frame = watch.time("decode", lambda: next(frames, None))
        if frame is None:
            return
        yield frame


def measure(
    path: Path, vision: SmileVision, detect_every: int = 1, max_frames: int | None = None
) -> Stopwatch:
    """Run the stages of the loop over a clip, or its first frames, and return their times."""
    watch = Stopwatch()
    tracker, cuts = Tracker(), SceneCutDetector()
    rules = EpisodeRules(
        threshold_on=vision.card.threshold_on, threshold_off=vision.card.threshold_off
    )
    episodes: dict[int, EpisodeDetector] = defaultdict(lambda: EpisodeDetector(rules))
    source = open_source(str(path), CameraSettings())
    for frame in itertools.islice(frames(source, watch), max_frames):
        at_ms = frame.position_ms
        begun = time.thread_time()
        grey = watch.time("grey plane", frame.grey)
        watch.time("scene cut", lambda: cuts.is_cut(grey))  # noqa: B023 - called at once
        if frame.index % detect_every == 0:
            found = watch.time("scale + detect", lambda: vision.find_faces(frame))  # noqa: B023
            watch.time("track", lambda: tracker.update(at_ms, found))  # noqa: B023
        else:
            tracker.advance(at_ms)
        points = [track.keypoints_now() for track in tracker.tracks]
        scores = watch.time("crop + classify", lambda: vision.smile_scores(frame, points))  # noqa: B023
        watch.times_ms["faces"].append(len(points))
        watch.time(
            "episodes",
            lambda: [
                episodes[track.id].update(at_ms, score)  # noqa: B023
                for track, score in zip(tracker.tracks, scores.tolist(), strict=True)  # noqa: B023
            ],
        )
        watch.times_ms["all but decoding"].append((time.thread_time() - begun) * 1000)
    source.close()
    return watch


def main() -> None:
    """Print a table of the times."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--detector", default="full", choices=("short", "full", "back"))
    parser.add_argument("--detect-every", type=int, default=1)
    arguments = parser.parse_args()
    begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
    watch = measure(arguments.clip, SmileVision(arguments.detector), arguments.detect_every)
    elapsed_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - begun_cpu_s
    count = len(watch.times_ms["faces"])
    print(f"{arguments.clip.name}: {count} frames, detector {arguments.detector}")
    for stage, times in watch.times_ms.items():
        unit = "" if stage == "faces" else " ms"
        print(f"{stage:>18} {statistics.median(times):8.3f}{unit}")
    print(f"{'all, all threads':>18} {cpu_s / count * 1000:8.3f} ms, including the start")
    print(f"{'frames per second':>18} {count / elapsed_s:8.1f} on this machine")


if __name__ == "__main__":
    main()
