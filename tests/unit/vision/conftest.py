"""The video face detector, people of the bundled clip, and scripted networks."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np
import pytest
from PIL import Image

from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.detector import FaceDetector
from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.faces.video_detector import VideoFaceDetector
from tests.helpers.clip_faces import Grey
from tests.helpers.video import CLIP

LOOK_PX = 128


@pytest.fixture(scope="module")
def detector() -> VideoFaceDetector:
    return VideoFaceDetector()


@pytest.fixture(scope="module")
def clip() -> Image.Image:
    """Return a frame of the bundled clip with three people."""
    with av.open(str(CLIP)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index == 355:
                return frame.to_image()
    raise AssertionError


@pytest.fixture(scope="module")
def people(clip: Image.Image) -> list[FaceDetection]:
    """Return the faces of the clip in full size, as the photo detector finds them."""
    found = PhotoFaceDetector().detect(np.array(clip))
    assert len(found) == 3
    return found


class ScriptedNetwork:
    """Finds given faces, as (score, width); a face's centre is that of the image."""

    input_px = LOOK_PX

    def __init__(self) -> None:
        self.faces: list[tuple[float, float]] = []
        self.calls = 0

    def detect(self, image: Grey) -> list[FaceDetection]:
        self.calls += 1
        middle = image.shape[1] / 2
        points = np.zeros((6, 2), np.float32)
        return [
            FaceDetection((middle - width / 2, middle - width / 2, width, width), score, points)
            for score, width in self.faces
        ]


@pytest.fixture
def scripted(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[VideoFaceDetector, ScriptedNetwork, ScriptedNetwork]]:
    """Return a detector, and its networks for the search and the closer look."""
    networks = {"full": ScriptedNetwork(), "short": ScriptedNetwork()}
    monkeypatch.setattr(FaceDetector, "load", lambda kind, **_: networks[kind])
    yield VideoFaceDetector(), networks["full"], networks["short"]
