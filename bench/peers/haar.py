"""A smile loop with the cascade classifiers of OpenCV: decode, find faces, find smiles in them.

Runs in .venv-bench-haar.
"""

from __future__ import annotations

import itertools
from importlib.metadata import version
from pathlib import Path

import av
import cv2

from bench.worker import serve

MIN_FACE_PX = 30
FACE_STEP, FACE_NEIGHBOURS = 1.1, 5
SMILE_STEP, SMILE_NEIGHBOURS = 1.7, 22


_CASCADES = Path(cv2.data.haarcascades)
_faces = cv2.CascadeClassifier(str(_CASCADES / "haarcascade_frontalface_default.xml"))
_smiles = cv2.CascadeClassifier(str(_CASCADES / "haarcascade_smile.xml"))


def play(path: str, frames: int) -> dict[str, float]:
    """Play a video; return the counts of frames, faces and smiling faces."""
    count = faces = smiling = 0
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"  # as the device does
        for frame in itertools.islice(container.decode(stream), frames):
            count += 1
            grey = frame.to_ndarray(format="gray")
            size = (MIN_FACE_PX, MIN_FACE_PX)
            found = _faces.detectMultiScale(grey, FACE_STEP, FACE_NEIGHBOURS, minSize=size)
            for x, y, width, height in found:
                faces += 1
                lower_half = grey[y + height // 2 : y + height, x : x + width]
                smiles = _smiles.detectMultiScale(lower_half, SMILE_STEP, SMILE_NEIGHBOURS)
                smiling += len(smiles) > 0
    return {"frames": count, "faces": faces, "smiling": smiling}


if __name__ == "__main__":
    cv2.setNumThreads(1)
    serve(play, f"opencv-python-headless {version('opencv-python-headless')}, av {version('av')}")
