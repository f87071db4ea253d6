"""The tables of ``make bench``."""

from __future__ import annotations

from bench.contenders import CONTENDERS, DEVICE, STAGES, VISION
from bench.measurements import Measurements
from bench.report import table
from bench.scenes.catalog import SPEED_SCENES

__all__ = ["CLIP_NAME", "PHOTO", "faces_table", "speed_table", "stages_table", "vision_table"]

CLIP_NAME, PHOTO = "bundled clip", "photo"
NONE = "-"
_TITLES = {
    "three_faces": "three faces of 200 px, 720p",
    "empty": "nobody, nothing moves, 720p",
    "empty_noisy": "the same with sensor noise",
    "small_face": "one face of 60 px, 1080p",
    "crowd": "eight faces, 720p",
    CLIP_NAME: "bundled clip, 720p",
}


def speed_table(measurements: Measurements) -> str:
    """Return the processor time per frame of each contender, and how many times the device's."""
    head = ["scene", "device, frames/s"]
    for contender in CONTENDERS:
        head += [f"{contender.name}, ms"] + ["ratio"] * (contender.name != DEVICE)
    rows = []
    for scene in (*SPEED_SCENES, CLIP_NAME):
        own = measurements.median(DEVICE, scene)
        if own is None:
            raise RuntimeError(f"{DEVICE} was not measured")
        row = [_TITLES.get(scene, scene), f"{1000 / own:.0f}"]
        for contender in CONTENDERS:
            time_ms = measurements.median(contender.name, scene)
            row.append(NONE if time_ms is None else f"{time_ms:.2f}")
            if contender.name != DEVICE:
                row.append(NONE if time_ms is None else f"{time_ms / own:.2f}")
        rows.append(row)
    memory = ["peak memory, MB", ""]
    for contender in CONTENDERS:
        peaks = measurements.all(contender.name, "peak_mb")
        memory += [f"{max(peaks):.0f}" if peaks else NONE] + [""] * (contender.name != DEVICE)
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
            row.append(NONE if faces is None else f"{faces / share:.1f}")
        rows.append(row)
    return table(["faces found per frame", *names], rows)


def stages_table(measurements: Measurements) -> str:
    """Return the median time of each stage of the loop."""
    scenes = (*SPEED_SCENES, CLIP_NAME)
    names = measurements.names(STAGES, SPEED_SCENES[0])
    rows = []
    for name in names:
        values = [measurements.median(STAGES, scene, name) for scene in scenes]
        rows.append([name, *(NONE if value is None else f"{value:.3f}" for value in values)])
    return table(["stage, ms", *(_TITLES.get(scene, scene) for scene in scenes)], rows)


def vision_table(measurements: Measurements) -> str:
    """Return the median time of each stage of `smile_vision`."""
    rows = [
        [name, f"{measurements.median(VISION.name, PHOTO, name):.2f}"]
        for name in measurements.names(VISION.name, PHOTO)
    ]
    return table(["stage, 720p with one face of 200 px", "ms"], rows)
