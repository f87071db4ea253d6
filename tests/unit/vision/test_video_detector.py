"""Faces of video frames: the fast network, and a second one where the first finds nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from smile_vision import FaceDetector, VideoFaceDetector, VisionError
from tests.helpers.synthetic_photos import assert_eyes_and_mouth, difficult_photo, synthetic_photo


@pytest.fixture(scope="module")
def detector() -> VideoFaceDetector:
    return VideoFaceDetector()


@pytest.fixture(scope="module")
def fast() -> FaceDetector:
    return FaceDetector.load("full")


@pytest.fixture
def close_up() -> np.ndarray:
    """A face that extends beyond a frame of 180 x 192 px."""
    return np.asarray(synthetic_photo([(-58, -51, 295, True)], (180, 192)))


def test_face_that_fills_the_frame_is_found(
    detector: VideoFaceDetector, fast: FaceDetector, close_up: np.ndarray
) -> None:
    assert fast.detect(close_up) == []  # otherwise this test proves nothing
    (face,) = detector.detect(close_up)
    assert_eyes_and_mouth(face.keypoints, -58, -51, 295)


def test_distant_face_is_the_one_of_the_fast_network(
    detector: VideoFaceDetector, fast: FaceDetector
) -> None:
    frame = np.asarray(synthetic_photo([(300, 200, 120, False)], (1280, 720)))
    (face,) = detector.detect(frame)
    (expected,) = fast.detect(frame)
    assert face.box == expected.box


@pytest.mark.parametrize(("side_px", "width", "count"), [(80, 0.25, 0), (130, 0.35, 1)])
def test_second_network_counts_only_for_large_faces(
    side_px: int, width: float, count: int, detector: VideoFaceDetector, fast: FaceDetector
) -> None:
    frame = difficult_photo(side_px, degrees=70)
    assert fast.detect(frame) == []  # otherwise this test proves nothing
    (seen,) = FaceDetector.load("short", score_threshold=0.75).detect(frame)
    assert seen.box[2] / 192 == pytest.approx(width, abs=0.02)
    assert len(detector.detect(frame)) == count


def test_second_network_counts_only_where_it_is_sure(
    detector: VideoFaceDetector, fast: FaceDetector
) -> None:
    second = FaceDetector.load("short")
    rng = np.random.default_rng(3)
    unsure = 0
    for cells in (2, 4, 8, 16) * 20:  # blots of every size
        blots = rng.integers(0, 256, (cells, cells, 3), np.uint8)
        frame = np.asarray(Image.fromarray(blots).resize((192, 192), Image.Resampling.BILINEAR))
        seen = fast.detect(frame)
        unsure += not seen and bool(second.detect(frame))
        assert [face.box for face in detector.detect(frame)] == [face.box for face in seen]
    assert unsure  # otherwise this test proves nothing


def test_higher_minimum_score_applies_to_the_second_network_too(close_up: np.ndarray) -> None:
    assert VideoFaceDetector(min_score=0.95).detect(close_up) == []


def test_lower_minimum_score_applies_to_the_fast_network_only(
    detector: VideoFaceDetector,
) -> None:
    frame = difficult_photo(80, degrees=120)  # scores 0.34 and 0.76
    assert detector.detect(frame) == []
    assert len(VideoFaceDetector(min_score=0.3).detect(frame)) == 1


def test_close_network_works_alone_too(close_up: np.ndarray) -> None:
    small = difficult_photo(80, degrees=70)
    assert len(VideoFaceDetector("short").detect(close_up)) == 1
    assert len(VideoFaceDetector("short").detect(small)) == 1
    assert VideoFaceDetector("short").input_px == 128
    assert VideoFaceDetector("short").detect(np.zeros((144, 192, 3), np.uint8)) == []


def test_error_names_what_is_wrong() -> None:
    with pytest.raises(VisionError, match="kind: expected one of"):
        VideoFaceDetector("haar")
    with pytest.raises(VisionError, match="score_threshold"):
        VideoFaceDetector(min_score=2)
