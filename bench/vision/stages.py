"""Time each stage of face detection and smile scoring: ``python bench/vision/stages.py [photo]``.

One thread, in milliseconds. The best of many runs shows what the machine can do. The median shows
what it does beside its other work.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="?", type=Path, help="default: a synthetic face on 720p")
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    photo = load_photo(options.photo) if options.photo else _synthetic_photo()
    rgb, grey = np.asarray(photo), np.asarray(photo.convert("L"))
    print(f"{photo.width} x {photo.height} px, {options.runs} runs, ms")
    print(f"{'stage':<44}{'best':>8}{'median':>8}{'p95':>8}")
    for kind in VARIANTS:
        detector = FaceDetector.load(kind)
        _row(f"{kind}: scale, infer, decode", lambda d=detector: d.detect(rgb), options.runs)
        scale = detector.input_px / max(photo.size)
        small_size = (round(photo.width * scale), round(photo.height * scale))
        small = np.asarray(photo.resize(small_size, Image.Resampling.BOX))
        _row(f"{kind}: already scaled", lambda d=detector, s=small: d.detect(s), options.runs)
    faces = PhotoFaceDetector()
    _row("photo: all networks, tiles, verification", lambda: faces.detect(rgb), options.runs // 10)
    found = faces.detect(rgb)
    if not found:
        print("no face found, so crop and classifier are not measured")
        return
    points = found[0].keypoints
    _row("crop of the largest face", lambda: crop_face(grey, points), options.runs)
    crops = crop_face(grey, points)[np.newaxis]
    for flip in (False, True):
        classifier = SmileClassifier.load(flip=flip)
        name = "classifier, one face" + (", with mirror image" if flip else "")
        _row(name, lambda c=classifier: c.smile_scores(crops), options.runs)


def _synthetic_photo() -> Image.Image:
    photo = Image.new("RGB", FRAME, WALL)
    corner = ((FRAME[0] - FACE_PX) // 2, (FRAME[1] - FACE_PX) // 2)
    photo.paste(draw_face(FACE_PX, smiles=True), corner)
    return photo


def _row(name: str, stage: Callable[[], object], runs: int) -> None:
    times = []
    for _ in range(max(runs, 3)):
        start = time.perf_counter()
        stage()
        times.append((time.perf_counter() - start) * 1000)
    best, median, slow = np.percentile(times[1:], [0, 50, 95])
    print(f"{name:<44}{best:>8.2f}{median:>8.2f}{slow:>8.2f}")


if __name__ == "__main__":
    main()
