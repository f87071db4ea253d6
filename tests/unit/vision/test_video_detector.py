"""Faces of video frames: the fast network, and who steps in where it sees nobody."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from smile_vision import FaceDetector, VideoFaceDetector, VisionError

Draw = Callable[..., Image.Image]


@pytest.fixture(scope="module")
def detector() -> VideoFaceDetector:
    return VideoFaceDetector()


@pytest.fixture
def close_up(draw_photo: Draw) -> np.ndarray:
    """A face that reaches beyond a frame of 180 x 192 px."""
    return np.asarray(draw_photo([(-58, -51, 295, True)], (180, 192)))


def test_face_that_fills_the_frame_is_found(
    detector: VideoFaceDetector, close_up: np.ndarray
) -> None:
    assert FaceDetector.load("full").detect(close_up) == []  # or the test shows nothing
    (face,) = detector.detect(close_up)
    eyes_and_mouth = np.array([[0.38, 0.46], [0.62, 0.46], [0.5, 0.7]]) * 295 + [-58, -51]
    assert np.abs(face.keypoints[[0, 1, 3]] - eyes_and_mouth).max() < 0.06 * 295


def test_face_further_off_is_found_as_the_fast_network_finds_it(
    detector: VideoFaceDetector, draw_photo: Draw
) -> None:
    frame = np.asarray(draw_photo([(300, 200, 120, False)], (1280, 720)))
    (face,) = detector.detect(frame)
    (expected,) = FaceDetector.load("full").detect(frame)
    assert face.box == expected.box


def test_nothing_is_added_where_the_second_network_is_unsure(detector: VideoFaceDetector) -> None:
    first, second = FaceDetector.load("full"), FaceDetector.load("short")
    rng = np.random.default_rng(3)
    unsure = 0
    for cells in (2, 4, 8, 16) * 20:  # blots of every size
        blots = rng.integers(0, 256, (cells, cells, 3), np.uint8)
        frame = np.asarray(Image.fromarray(blots).resize((192, 192), Image.Resampling.BILINEAR))
        seen = first.detect(frame)
        unsure += not seen and bool(second.detect(frame))
        assert [face.box for face in detector.detect(frame)] == [face.box for face in seen]
    assert unsure  # or the test shows nothing


def test_higher_threshold_holds_for_the_second_network_too(close_up: np.ndarray) -> None:
    assert VideoFaceDetector(min_score=0.95).detect(close_up) == []


def test_error_names_what_is_wrong() -> None:
    with pytest.raises(VisionError, match="kind: expected one of"):
        VideoFaceDetector("haar")
    with pytest.raises(VisionError, match="score_threshold"):
        VideoFaceDetector(min_score=2)
