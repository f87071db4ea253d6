"""Time each stage of face detection and smile scoring: ``python -m bench.vision.stages [photo]``.

One thread, in milliseconds. The best of many runs shows what the machine can do. The median shows
what it does beside its other work.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from edge_lambda.synthetic_face import WALL, draw_face
from smile_vision import (
    FaceDetector,
    PhotoFaceDetector,
    SmileClassifier,
    crop_face,
    load_photo,
)
from smile_vision.faces.blazeface import VARIANTS

FRAME = (1280, 720)
FACE_PX = 200


Stages = dict[str, Callable[[], object]]
_SLOW = "photo: all networks, tiles, verification"


def make_stages(photo: Image.Image) -> Stages:
    """Return the work of each stage on a photo, by name."""
    rgb, grey = np.asarray(photo), np.asarray(photo.convert("L"))
    stages: Stages = {}
    for kind in VARIANTS:
        detector = FaceDetector.load(kind)
        stages[f"{kind}: scale, infer, decode"] = partial(detector.detect, rgb)
        scale = detector.input_px / max(photo.size)
        small_size = (round(photo.width * scale), round(photo.height * scale))
        small = np.asarray(photo.resize(small_size, Image.Resampling.BOX))
        stages[f"{kind}: already scaled"] = partial(detector.detect, small)
    faces = PhotoFaceDetector()
    stages[_SLOW] = partial(faces.detect, rgb)
    found = faces.detect(rgb)
    if not found:
        return stages
    points = found[0].keypoints
    stages["crop of the largest face"] = partial(crop_face, grey, points)
    crops = crop_face(grey, points)[np.newaxis]
    for flip in (False, True):
        classifier = SmileClassifier.load(flip=flip)
        name = "classifier, one face" + (", with mirror image" if flip else "")
        stages[name] = partial(classifier.smile_scores, crops)
    return stages


def measure(stages: Stages, runs: int) -> dict[str, list[float]]:
    """Return the processor time of each run of each stage, ms."""
    times_ms: dict[str, list[float]] = {}
    for name, work in stages.items():
        work()
        times_ms[name] = []
        for _ in range(max(runs // 10 if name == _SLOW else runs, 2)):
            begun = time.process_time()
            work()
            times_ms[name].append((time.process_time() - begun) * 1000)
    return times_ms


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photo", nargs="?", type=Path, help="default: a synthetic face on 720p")
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    photo = load_photo(options.photo) if options.photo else synthetic_photo()
    print(f"{photo.width} x {photo.height} px, {options.runs} runs, ms")
    print(f"{'stage':<44}{'best':>8}{'median':>8}{'p95':>8}")
    stages = make_stages(photo)
    for name, times_ms in measure(stages, options.runs).items():
        best, median, slow = np.percentile(times_ms, [0, 50, 95])
        print(f"{name:<44}{best:>8.2f}{median:>8.2f}{slow:>8.2f}")
    if not any(name.startswith("crop") for name in stages):
        print("no face found, so crop and classifier are not measured")


def synthetic_photo() -> Image.Image:
    """Return one face in front of a wall."""
    photo = Image.new("RGB", FRAME, WALL)
    corner = ((FRAME[0] - FACE_PX) // 2, (FRAME[1] - FACE_PX) // 2)
    photo.paste(draw_face(FACE_PX, smiles=True), corner)
    return photo


if __name__ == "__main__":
    main()
