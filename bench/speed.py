"""Compare the speed of the device with that of its peers: ``make bench``.

Every contender is a process of its own that decodes the same files. They take turns, scene by scene
and round by round, on one core, so that a busy machine slows all of them alike. The time is the
processor time of all threads per frame, decoding included, as the median over the rounds.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from bench.contenders import CONTENDERS, STAGES, VISION, Contender, Process
from bench.measurements import Measurements
from bench.report import machine, write_section
from bench.scenes.catalog import SCENES, SPEED_SCENES
from bench.scenes.video import scene_video
from bench.speed_tables import (
    CLIP_NAME,
    PHOTO,
    faces_table,
    speed_table,
    stages_table,
    vision_table,
)
from training.clip.frames import CLIP

FRAMES = 200
CLIP_FRAMES = 300  # the third person walks in after 215
VISION_RUNS = 40


def measure(rounds: int) -> Measurements:
    """Let all contenders play all scenes in turn."""
    videos = {name: (scene_video(SCENES[name])[0], FRAMES) for name in SPEED_SCENES}
    videos[CLIP_NAME] = (CLIP, CLIP_FRAMES)
    measurements = Measurements()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # for the contenders, too
    with ExitStack() as cleanup:
        running: dict[Contender, Process] = {}
        for contender in (*CONTENDERS, VISION):
            if contender.problem:
                measurements.problems[contender.name] = contender.problem
                continue
            running[contender] = Process(contender)
            cleanup.callback(running[contender].close)
            measurements.versions[contender.name] = running[contender].versions
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            for scene, (path, frames) in videos.items():
                for contender in CONTENDERS:
                    if contender in running and number < (contender.rounds or rounds):
                        count = min(frames, contender.frames or frames)
                        result = running[contender].play(path, count)
                        measurements.add(contender.name, scene, result)
            result = running[VISION].play(CLIP, VISION_RUNS)
            measurements.add(VISION.name, PHOTO, result)
    return measurements


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--markdown", type=Path, help="write the tables into this document")
    options = parser.parse_args()
    if CONTENDERS[0].problem:
        parser.error(f"{CONTENDERS[0].name}: {CONTENDERS[0].problem}")
    measurements = measure(options.rounds)
    notes = [f"Measured on {machine()}, {options.rounds} rounds."]
    notes += [f"{name}: {text}." for name, text in measurements.versions.items() if name != STAGES]
    notes += [f"{name} was not measured: {text}." for name, text in measurements.problems.items()]
    makers = (speed_table, faces_table, stages_table, vision_table)
    text = "\n\n".join(["  \n".join(notes), *(make(measurements) for make in makers)])
    print(text)
    if options.markdown:
        write_section(options.markdown, "speed", text)


if __name__ == "__main__":
    main()
