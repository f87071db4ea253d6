"""Milliseconds of each stage of vision, side by side: ``python bench/vision/stages.py [photo]``.

Measures on one thread, 720p by default, with a drawn face or the given photo. The best of many
runs is what the machine can do, the median what it did beside everything else it was doing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from smile_vision import (
    FaceDetector,
    PhotoFaceDetector,
    SmileClassifier,
    crop_face,
    load_photo,
)
from smile_vision.faces.blazeface import VARIANTS

FRAME = (1280, 720)
EDGE_LONG_SIDE_PX = 192


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="?", type=Path, help="default: a drawn face on 720p")
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    photo = load_photo(options.photo) if options.photo else _drawn()
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
    _row("photo: all networks, tiles, second look", lambda: faces.detect(rgb), options.runs // 10)
    found = faces.detect(rgb)
    if not found:
        print("no face found: crop and classifier are not measured")
        return
    points = found[0].keypoints
    _row("crop of the largest face", lambda: crop_face(grey, points), options.runs)
    crops = crop_face(grey, points)[np.newaxis]
    for flip in (False, True):
        classifier = SmileClassifier.load(flip=flip)
        name = "classifier, one face" + (", with mirror image" if flip else "")
        _row(name, lambda c=classifier: c.smile_scores(crops), options.runs)


def _row(name: str, stage: Callable[[], object], runs: int) -> None:
    times = []
    for _ in range(max(runs, 3)):
        start = time.perf_counter()
        stage()
        times.append((time.perf_counter() - start) * 1000)
    best, median, slow = np.percentile(times[1:], [0, 50, 95])
    print(f"{name:<44}{best:>8.2f}{median:>8.2f}{slow:>8.2f}")


def _drawn() -> Image.Image:
    image = Image.new("RGB", FRAME, (90, 110, 140))
    draw = ImageDraw.Draw(image)
    draw.ellipse((574, 246, 706, 414), fill=(70, 45, 30))
    draw.ellipse((584, 273, 696, 417), fill=(224, 180, 150))
    for x in (616, 664):
        draw.ellipse((x - 13, 326, x + 13, 338), fill=(250, 250, 250))
        draw.ellipse((x - 6, 326, x + 6, 338), fill=(60, 40, 30))
        draw.line((x - 15, 319, x + 15, 316), fill=(70, 45, 30), width=4)
    draw.line((640, 335, 636, 360, 644, 361), fill=(190, 140, 115), width=3)
    draw.chord((612, 358, 668, 398), 10, 170, fill=(150, 50, 50))
    return image


if __name__ == "__main__":
    main()
