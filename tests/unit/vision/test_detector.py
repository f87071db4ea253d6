from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from smile_vision.errors import ImageError, VisionError
from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.detector import FaceDetector
from smile_vision.faces.photo_detector import PhotoFaceDetector

Draw = Callable[..., Image.Image]


@pytest.fixture(scope="module")
def photo_detector() -> PhotoFaceDetector:
    return PhotoFaceDetector()


def assert_eyes_and_mouth(face: FaceDetection, left: int, top: int, side_px: int) -> None:
    """The drawn face has its eyes at 0.38 and 0.62, 0.46, and its mouth at 0.5, 0.7."""
    expected = np.array([[0.38, 0.46], [0.62, 0.46], [0.5, 0.7]]) * side_px + [left, top]
    distance = np.linalg.norm(face.keypoints[[0, 1, 3]] - expected, axis=1)
    assert distance.max() < 0.06 * side_px


@pytest.mark.parametrize("kind", ["short", "back", "full"])
@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1280, 720)])
def test_face_is_found_in_pixels_when_the_image_has_any_shape(
    kind: str, size: tuple[int, int], draw_photo: Draw
) -> None:
    rgb = np.asarray(draw_photo([(150, 100, 300, True)], size))
    (face,) = FaceDetector.load(kind).detect(rgb)
    assert_eyes_and_mouth(face, 150, 100, 300)


def test_face_fits_the_original_when_the_decoder_did_the_scaling(draw_photo: Draw) -> None:
    frame = draw_photo([(300, 200, 320, False)], (1280, 720))
    small = np.asarray(frame.resize((192, 108), Image.Resampling.BILINEAR))
    (face,) = FaceDetector.load("full").detect(small)
    assert_eyes_and_mouth(face.scaled(1280 / 192, 720 / 108), 300, 200, 320)


def test_nothing_is_left_over_when_images_of_other_shapes_follow(draw_photo: Draw) -> None:
    detector = FaceDetector.load("back")
    wide = np.asarray(draw_photo([(200, 0, 200, True)], (640, 200)))
    tall = np.asarray(draw_photo([(0, 200, 200, True)], (200, 640)))
    first = detector.detect(wide)
    detector.detect(tall)
    again = detector.detect(wide)
    assert [face.box for face in again] == [face.box for face in first]
    assert len(again) == 1


@pytest.mark.parametrize("size", [(1, 1), (2000, 1), (1, 2000), (3, 5)])
def test_no_face_is_found_when_the_image_is_a_sliver(
    size: tuple[int, int], photo_detector: PhotoFaceDetector
) -> None:
    assert photo_detector.detect(np.full((size[1], size[0], 3), 128, np.uint8)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
        np.zeros((0, 10, 3), np.uint8),
    ],
)
def test_error_names_the_argument_when_it_is_no_rgb_image(
    wrong: np.ndarray, photo_detector: PhotoFaceDetector
) -> None:
    with pytest.raises(ImageError, match="rgb: expected a uint8 array"):
        FaceDetector.load("short").detect(wrong)
    with pytest.raises(ImageError, match="rgb: expected a uint8 array"):
        photo_detector.detect(wrong)


def test_error_lists_the_kinds_when_the_kind_is_unknown() -> None:
    with pytest.raises(VisionError, match="kind: expected one of short, back, full, got 'haar'"):
        FaceDetector.load("haar")


@pytest.mark.parametrize("threshold", [0, 1, -0.1, 7])
def test_error_names_the_threshold_when_it_is_out_of_range(threshold: float) -> None:
    with pytest.raises(VisionError, match="score_threshold"):
        FaceDetector.load("short", score_threshold=threshold)


def test_photo_faces_are_all_found_when_sizes_differ_tenfold(
    draw_photo: Draw, photo_detector: PhotoFaceDetector
) -> None:
    places = [(40, 30, 600, True), (900, 100, 60, False), (1100, 500, 60, True)]
    rgb = np.asarray(draw_photo(places, (1280, 960)))
    faces = photo_detector.detect(rgb)
    assert len(faces) == len(places)
    assert_eyes_and_mouth(faces[0], *places[0][:3])
    small = sorted(faces[1:], key=lambda face: face.box[0])
    for face, place in zip(small, places[1:], strict=True):
        assert_eyes_and_mouth(face, *place[:3])


@pytest.mark.parametrize("degrees", [-30, 30])
def test_photo_face_is_found_once_when_it_is_tilted(
    degrees: int, draw_photo: Draw, photo_detector: PhotoFaceDetector
) -> None:
    photo = draw_photo([(220, 140, 200, True)]).rotate(degrees, fillcolor=(90, 110, 140))
    (face,) = photo_detector.detect(np.asarray(photo))
    eyes = face.keypoints[1] - face.keypoints[0]
    assert np.degrees(np.arctan2(-eyes[1], eyes[0])) == pytest.approx(degrees, abs=8)


def test_photo_has_no_face_when_there_is_only_noise(photo_detector: PhotoFaceDetector) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), dtype=np.uint8)
    assert photo_detector.detect(noise) == []


def test_photo_face_is_found_when_it_fills_the_picture(
    draw_photo: Draw, photo_detector: PhotoFaceDetector
) -> None:
    photo = draw_photo([(0, 0, 600, True)], (600, 600)).crop((130, 180, 470, 520))
    (face,) = photo_detector.detect(np.asarray(photo))
    assert_eyes_and_mouth(face, -130, -180, 600)
