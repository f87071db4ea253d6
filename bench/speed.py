"""Compare the speed of the device with that of its peers: ``make bench``.

Every contender is a process of its own that decodes the same files. They take turns, scene by scene
and round by round, on one core, so that a busy machine slows all of them alike. The time is the
processor time of all threads per frame, decoding included, as the median over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.report import machine, table, write_section
from bench.scenes.catalog import SCENES, SPEED_SCENES
from bench.scenes.video import ROOT, scene_video
from training.clip.frames import CLIP

FRAMES = 200
CLIP_FRAMES = 300  # the third person walks in after 215
VISION_RUNS = 40
DEVICE, STAGES, CLIP_NAME, PHOTO = "device", "bare stages", "bundled clip", "photo"
_TITLES = {
    "three_faces": "three faces of 200 px, 720p",
    "empty": "nobody, nothing moves, 720p",
    "small_face": "one face of 60 px, 1080p",
    "crowd": "eight faces, 720p",
    CLIP_NAME: "bundled clip, 720p",
}
_COMMON = ("frames", "faces", "cpu_ms", "peak_mb")  # numbers that are no stages


@dataclass(frozen=True, slots=True)
class Contender:
    """A program to measure.

    Attributes
    ----------
    name : str
        Head of its column.
    environment : str
        Folder of its virtual environment.
    command : tuple of str
        Module and arguments for Python.
    frames, rounds : int or None
        Limits for slow programs.
    """

    name: str
    environment: str
    command: tuple[str, ...]
    frames: int | None = None
    rounds: int | None = None

    @property
    def problem(self) -> str | None:
        """Why it cannot run, or None."""
        folder = ROOT / self.environment
        if (folder / ".done").exists():
            return None
        log = folder / "install.log"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        reasons = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
        return reasons[0] if reasons else "not installed: run make bench"


CONTENDERS = (
    Contender(DEVICE, ".venv-bench", ("bench.edge.contender", "loop")),
    Contender(STAGES, ".venv-bench", ("bench.edge.contender", "stages")),
    Contender(
        "MediaPipe FaceMesh", ".venv-bench-mediapipe", ("bench.peers.mediapipe_face_mesh",)
    ),
    Contender("OpenCV Haar", ".venv-bench-haar", ("bench.peers.haar",), frames=40, rounds=3),
)
VISION = Contender("smile_vision", ".venv-bench", ("bench.vision.contender",))


class Process:
    """A running contender."""

    def __init__(self, contender: Contender) -> None:
        self._process = subprocess.Popen(
            [ROOT / contender.environment / "bin" / "python", "-m", *contender.command],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        self.versions: str = self._answer()["versions"]

    def play(self, path: Path, frames: int) -> dict[str, float]:
        """Run it on the first frames of a file; return its numbers."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"path": str(path), "frames": frames}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args}: ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass(slots=True)
class Measurements:
    """The numbers of all rounds.

    Attributes
    ----------
    values : dict
        One number for each round, by (contender, scene, name of the number).
    versions : dict
        Of the packages of each contender.
    problems : dict
        Why a contender did not run.
    """

    values: dict[tuple[str, str, str], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )
    versions: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def add(self, contender: str, scene: str, result: dict[str, float]) -> None:
        """Keep the numbers of a round."""
        for name, value in result.items():
            self.values[contender, scene, name].append(value)

    def names(self, contender: str, scene: str) -> list[str]:
        """Return the stages that a contender reports."""
        keys = [key for key in self.values if key[:2] == (contender, scene)]
        return [name for *_, name in keys if name not in _COMMON]

    def all(self, contender: str, name: str) -> list[float]:
        """Return a number of all scenes and rounds."""
        keys = [key for key in self.values if (key[0], key[2]) == (contender, name)]
        return [value for key in keys for value in self.values[key]]

    def median(self, contender: str, scene: str, name: str = "cpu_ms") -> float | None:
        """Return the median over the rounds; None if it was not measured."""
        values = self.values.get((contender, scene, name))
        return statistics.median(values) if values else None


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


def speed_table(measurements: Measurements) -> str:
    """Return the processor time per frame of each contender, and how many times the device's."""
    head = ["scene", "device, frames/s"]
    for contender in CONTENDERS:
        head += [f"{contender.name}, ms"] + ["×"] * (contender.name != DEVICE)
    rows = []
    for scene in (*SPEED_SCENES, CLIP_NAME):
        own = measurements.median(DEVICE, scene)
        if own is None:
            raise RuntimeError(f"{DEVICE} was not measured")
        row = [_TITLES.get(scene, scene), f"{1000 / own:.0f}"]
        for contender in CONTENDERS:
            time_ms = measurements.median(contender.name, scene)
            row.append("–" if time_ms is None else f"{time_ms:.2f}")
            if contender.name != DEVICE:
                row.append("–" if time_ms is None else f"{time_ms / own:.2f}")
        rows.append(row)
    memory = ["peak memory, MB", ""]
    for contender in CONTENDERS:
        peaks = measurements.all(contender.name, "peak_mb")
        memory += [f"{max(peaks):.0f}" if peaks else "–"] + [""] * (contender.name != DEVICE)
    return table(head, [*rows, memory])


def faces_table(measurements: Measurements) -> str:
    """Return how many faces a frame each peer found, which explains its time."""
    names = [contender.name for contender in CONTENDERS if contender.name != DEVICE]
    rows = []
    for scene in (*SPEED_SCENES, CLIP_NAME):
        row = [_TITLES.get(scene, scene)]
        for name in names:
            faces = measurements.median(name, scene, "faces")
            frames = measurements.median(name, scene, "frames")
            is_mean = name == STAGES  # which reports the median over the frames already
            share = 1.0 if is_mean or not frames else frames
            row.append("–" if faces is None else f"{faces / share:.1f}")
        rows.append(row)
    return table(["faces found per frame", *names], rows)


def stages_table(measurements: Measurements) -> str:
    """Return the median time of each stage of the loop."""
    scenes = (*SPEED_SCENES, CLIP_NAME)
    names = measurements.names(STAGES, SPEED_SCENES[0])
    rows = []
    for name in names:
        values = [measurements.median(STAGES, scene, name) for scene in scenes]
        rows.append([name, *("–" if value is None else f"{value:.3f}" for value in values)])
    return table(["stage, ms", *(_TITLES.get(scene, scene) for scene in scenes)], rows)


def vision_table(measurements: Measurements) -> str:
    """Return the median time of each stage of `smile_vision`."""
    rows = [
        [name, f"{measurements.median(VISION.name, PHOTO, name):.2f}"]
        for name in measurements.names(VISION.name, PHOTO)
    ]
    return table(["stage, 720p with one face of 200 px", "ms"], rows)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--markdown", type=Path, help="write the tables into this document")
    options = parser.parse_args()
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
