"""Measure each stage of the loop on a clip: ``python -m bench.edge.stages clip.mp4``.

The numbers are the time of the loop's thread, as the mean over the frames, because attention
searches only in some of them. Decoding runs in other threads and counts in the total only.
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

from edge_lambda.app import make_attention
from edge_lambda.camera import Frame, FrameSource, open_source
from edge_lambda.faces.look_schedule import must_score
from edge_lambda.faces.scene_cut import SceneCutDetector
from edge_lambda.faces.vision import SmileVision
from edge_lambda.settings import CameraSettings, TrackSettings, VisionSettings
from smile_contract.episodes.episode import EpisodeDetector, EpisodeRules

Result = TypeVar("Result")


class Stopwatch:
    """Collects the times of each stage."""

    def __init__(self) -> None:
        self.times_ms: dict[str, list[float]] = defaultdict(list)

    def time(self, stage: str, work: Callable[[], Result]) -> Result:
        """Run a stage, store its time and return its result."""
        begun = time.perf_counter()
        result = work()
        self.times_ms[stage].append((time.perf_counter() - begun) * 1000)
        return result


def frames(source: FrameSource, watch: Stopwatch) -> Iterator[Frame]:
    """Yield the frames of a file and time the decoding."""
    frames = source.frames()
    while True:
        frame = watch.time("decode", lambda: next(frames, None))
        if frame is None:
            return
        yield frame


def measure(path: Path, vision: SmileVision, max_frames: int | None = None) -> Stopwatch:
    """Run the stages of the loop over a clip, or its first frames, and return their times."""
    watch = Stopwatch()
    attention, cuts = make_attention(vision, VisionSettings(), TrackSettings()), SceneCutDetector()
    rules = EpisodeRules(
        threshold_on=vision.card.threshold_on, threshold_off=vision.card.threshold_off
    )
    episodes: dict[int, EpisodeDetector] = defaultdict(lambda: EpisodeDetector(rules))
    source = open_source(str(path), CameraSettings())
    for frame in itertools.islice(frames(source, watch), max_frames):
        at_ms = frame.position_ms
        begun = time.perf_counter()
        watch.time("scene cut", lambda: cuts.is_cut(frame.grey()))  # noqa: B023 - called at once
        watch.time("attention", lambda: attention.attend(frame))  # noqa: B023
        in_view = attention.in_view()
        tracks = [track for track in in_view if must_score(track, at_ms)]
        points = [track.keypoints_now() for track in tracks]
        scores = watch.time("crop + classify", lambda: vision.score(frame, points))  # noqa: B023
        watch.times_ms["faces"].append(len(in_view))
        for track, score in zip(tracks, scores, strict=True):
            track.score(score.smile_score, at_ms)
            episodes[track.id].update(at_ms, score.smile_score)
        watch.times_ms["all but decoding"].append((time.perf_counter() - begun) * 1000)
    source.close()
    return watch


def main() -> None:
    """Print a table of the times."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    arguments = parser.parse_args()
    begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
    watch = measure(arguments.clip, SmileVision())
    elapsed_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - begun_cpu_s
    count = len(watch.times_ms["faces"])
    print(f"{arguments.clip.name}: {count} frames")
    for stage, times in watch.times_ms.items():
        unit = "" if stage == "faces" else " ms"
        print(f"{stage:>18} {statistics.mean(times):8.3f}{unit}")
    print(f"{'all, all threads':>18} {cpu_s / count * 1000:8.3f} ms, including the start")
    print(f"{'frames per second':>18} {count / elapsed_s:8.1f} on this machine")


if __name__ == "__main__":
    main()
