"""Faces of video: a coarse search, and a closer look at each place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from smile_vision.errors import ImageError
from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.detector import FaceDetector
from smile_vision.faces.video_detector import VideoFaceDetector
from tests.helpers.clip_faces import Grey, crop_offset_px, grey_of
from tests.helpers.synthetic_photos import assert_eyes_and_mouth, difficult_photo, synthetic_photo
from tests.helpers.things import IDS, THINGS, photo_of


@pytest.fixture(scope="module")
def fast() -> FaceDetector:
    return FaceDetector.load("full")


@pytest.fixture
def close_up() -> Grey:
    """Return a face that extends beyond a frame of 180 x 192 px."""
    return grey_of(synthetic_photo([(-58, -51, 295, True)], (180, 192)))


def test_face_that_fills_the_frame_is_a_candidate(
    detector: VideoFaceDetector, fast: FaceDetector, close_up: Grey
) -> None:
    assert fast.detect(close_up) == []  # otherwise this test proves nothing
    (face,) = detector.search(close_up)
    assert_eyes_and_mouth(face.keypoints, -58, -51, 295)


def test_face_that_fills_a_part_of_the_frame_is_no_candidate(
    detector: VideoFaceDetector, close_up: Grey
) -> None:
    assert detector.search(close_up, is_whole=False) == []


def test_distant_face_is_the_one_of_the_fast_network(
    detector: VideoFaceDetector, fast: FaceDetector
) -> None:
    frame = grey_of(synthetic_photo([(300, 200, 120, False)], (1280, 720)))
    (face,) = detector.search(frame)
    (expected,) = fast.detect(frame)
    assert face.box == expected.box


def test_colour_is_searched_too(detector: VideoFaceDetector) -> None:
    photo = synthetic_photo([(300, 200, 120, False)], (1280, 720))
    (grey,), (colour,) = detector.search(grey_of(photo)), detector.search(np.array(photo))
    assert colour.box == pytest.approx(grey.box, abs=15)


@pytest.mark.parametrize(("side_px", "width", "count"), [(80, 0.25, 0), (130, 0.35, 1)])
def test_second_network_counts_only_for_large_faces(
    side_px: int, width: float, count: int, detector: VideoFaceDetector
) -> None:
    frame = difficult_photo(side_px, degrees=70)
    (seen,) = FaceDetector.load("short", score_threshold=0.75).detect(frame)
    assert seen.box[2] / 192 == pytest.approx(width, abs=0.02)
    large = [face for face in detector.search(frame) if face.score > 0.7]
    assert len(large) == count


def test_second_network_counts_only_where_it_is_sure(detector: VideoFaceDetector) -> None:
    first = FaceDetector.load("full", score_threshold=0.35)
    second = FaceDetector.load("short")
    rng = np.random.default_rng(3)
    unsure = 0
    for cells in (2, 4, 8, 16) * 20:  # blots of every size
        blots = rng.integers(0, 256, (cells, cells), np.uint8)
        frame = np.asarray(Image.fromarray(blots).resize((192, 192), Image.Resampling.BILINEAR))
        seen = first.detect(frame)
        unsure += not seen and bool(second.detect(frame))
        assert [face.box for face in detector.search(frame)] == [face.box for face in seen]
    assert unsure  # otherwise this test proves nothing


@pytest.mark.parametrize(("score", "runs"), [(0.36, True), (0.44, False)])
def test_second_network_runs_only_where_the_first_finds_nothing_likely(
    scripted: Any, score: float, runs: bool
) -> None:
    detector, search, look = scripted
    search.faces, look.faces = [(score, 20)], [(0.9, 100)]
    found = [face.score for face in detector.search(np.zeros((200, 200), np.uint8))]
    assert found == ([0.9, score] if runs else [score])
    assert look.calls == runs


@pytest.mark.parametrize(
    ("score", "width", "counts"),
    [(0.7, 100, False), (0.8, 100, True), (0.9, 54, False), (0.9, 66, True)],
)
def test_second_network_counts_for_large_and_certain_faces(
    scripted: Any, score: float, width: float, counts: bool
) -> None:
    detector, _, look = scripted
    look.faces = [(score, width)]
    for shape in ((200, 200), (200, 100), (100, 200)):
        assert len(detector.search(np.zeros(shape, np.uint8))) == counts


def test_search_takes_unlikely_candidates_but_not_every_one(detector: VideoFaceDetector) -> None:
    everything = FaceDetector.load("full", score_threshold=0.15)
    scores, seen = [], []
    for paleness in np.arange(0, 0.98, 0.05):
        tilted = difficult_photo(20, degrees=70, paleness=float(paleness))
        grey = grey_of(Image.fromarray(tilted))
        scores += [face.score for face in everything.detect(grey)]
        seen += [face.score for face in detector.search(grey, is_whole=False)]
    assert any(0.25 < score < 0.34 for score in scores)  # otherwise this test proves nothing
    assert 0.34 < min(seen) < 0.4


@pytest.mark.parametrize("thing", THINGS, ids=IDS)
def test_no_face_is_detected_in_a_photo_of_a_thing(
    detector: VideoFaceDetector, thing: Image.Image
) -> None:
    for side_px in (40, 60, 100, 200):
        assert detector.detect(photo_of(thing, side_px)) == []


@pytest.mark.parametrize("width_px", [60, 90, 200])
def test_every_person_is_detected(
    detector: VideoFaceDetector, clip: Image.Image, people: list[FaceDetection], width_px: float
) -> None:
    factor = width_px / people[0].box[2]
    size = (round(clip.width * factor), round(clip.height * factor))
    found = detector.detect(grey_of(clip.resize(size)))
    assert len(found) == 3
    for face in found:
        full_size = face.scaled(clip.width / size[0], clip.height / size[1])
        assert min(crop_offset_px(full_size, person) for person in people) <= 4


def test_close_up_is_detected(detector: VideoFaceDetector, close_up: Grey) -> None:
    (face,) = detector.detect(close_up)
    assert_eyes_and_mouth(face.keypoints, -58, -51, 295)


def test_badly_aimed_face_gets_a_second_look(scripted: Any) -> None:
    detector, search, look = scripted
    search.faces = [(0.9, 40)]
    look.faces = [(0.6, 60)]
    assert detector.detect(np.zeros((200, 200), np.uint8)) == []
    assert look.calls == 2
    look.faces = [(0.75, 60)]
    assert len(detector.detect(np.zeros((200, 200), np.uint8))) == 1
    assert look.calls == 3


@pytest.mark.parametrize(
    "wrong", [np.zeros((10, 10, 3), np.uint8), np.zeros((10, 10), np.float32), [[1]]]
)
def test_error_names_the_argument_when_it_is_not_a_grey_image(
    detector: VideoFaceDetector, wrong: Any
) -> None:
    with pytest.raises(ImageError, match="grey: expected a uint8 array of shape"):
        detector.look(wrong, (0, 0, 5, 5))
    with pytest.raises(ImageError, match="grey: expected a uint8 array of shape"):
        detector.detect(wrong)


def test_search_scales_its_image_to_192_px(detector: VideoFaceDetector) -> None:
    assert detector.search_px == 192
    with pytest.raises(ImageError, match="image: expected a uint8 array of shape"):
        detector.search(np.zeros((10, 10, 4), np.uint8))
