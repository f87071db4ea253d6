"""All faces of a photo are found once, small and large, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from edge_lambda.synthetic_face import WALL
from smile_vision.errors import ImageError
from smile_vision.faces.photo_detector import PhotoFaceDetector
from tests.helpers.synthetic_photos import assert_eyes_and_mouth, difficult_photo, synthetic_photo


@pytest.fixture(scope="module")
def detector() -> PhotoFaceDetector:
    return PhotoFaceDetector()


def test_faces_are_all_found_largest_first_when_sizes_differ_tenfold(
    detector: PhotoFaceDetector,
) -> None:
    places = [(900, 100, 60, False), (40, 30, 600, True), (1100, 500, 64, True)]
    faces = detector.detect(np.asarray(synthetic_photo(places, (1280, 960))))
    for face, place in zip(faces, [places[1], places[2], places[0]], strict=True):
        assert_eyes_and_mouth(face.keypoints, *place[:3])


@pytest.mark.parametrize(
    ("size", "side_px", "places"),
    [
        ((700, 520), 18, [(20, 30), (350, 260)]),
        ((1700, 1300), 22, [(1620, 1210)]),
    ],
)
def test_small_face_is_found_at_any_place_of_a_large_photo(
    size: tuple[int, int],
    side_px: int,
    places: list[tuple[int, int]],
    detector: PhotoFaceDetector,
) -> None:
    for left, top in places:
        photo = synthetic_photo([(left, top, side_px, True)], size)
        (face,) = detector.detect(np.asarray(photo))
        assert_eyes_and_mouth(face.keypoints, left, top, side_px, within=0.12)


@pytest.mark.parametrize(("visible", "first"), [(0.95, "large"), (0.78, "small")])
@pytest.mark.parametrize("side", ["left", "right", "bottom", "top"])
def test_main_face_is_the_largest_one_that_the_edge_does_not_cut(
    side: str, visible: float, first: str, detector: PhotoFaceDetector
) -> None:
    photo = synthetic_photo([(200, 180, 300, True), (560, 440, 130, False)], (900, 660))
    large, small = detector.detect(np.asarray(photo))
    x, y, width, height = large.box
    cut_x, cut_y = (1 - visible) * width, (1 - visible) * height
    crop = {
        "left": (x + cut_x, 0, 900, 660),
        "top": (0, y + cut_y, 900, 660),
        "right": (0, 0, x + width - cut_x, 660),
        "bottom": (0, 0, 900, y + height - cut_y),
    }[side]
    if side in ("right", "bottom"):  # the other face is on that side: move it away
        photo = synthetic_photo([(200, 180, 300, True), (20, 20, 130, False)], (900, 660))
    faces = detector.detect(np.asarray(photo.crop([round(edge) for edge in crop])))
    widths = [face.box[2] for face in faces]
    assert widths == sorted(widths, reverse=first == "large")
    assert len(widths) == 2


def test_cut_face_is_the_main_one_when_it_is_alone(detector: PhotoFaceDetector) -> None:
    photo = synthetic_photo([(-70, 60, 300, True)], (640, 480))
    (face,) = detector.detect(np.asarray(photo))
    assert face.box[0] < 0


@pytest.mark.parametrize("degrees", [-30, 30])
def test_face_is_found_once_when_it_is_tilted(degrees: int, detector: PhotoFaceDetector) -> None:
    photo = synthetic_photo([(220, 140, 200, True)]).rotate(degrees, fillcolor=WALL)
    (face,) = detector.detect(np.asarray(photo))
    eyes = face.keypoints[1] - face.keypoints[0]
    assert np.degrees(np.arctan2(-eyes[1], eyes[0])) == pytest.approx(degrees, abs=8)


def test_faces_side_by_side_are_both_found(detector: PhotoFaceDetector) -> None:
    places = [(60, 100, 200, True), (200, 110, 200, False), (340, 90, 200, True)]
    faces = detector.detect(np.asarray(synthetic_photo(places)))
    for face, place in zip(sorted(faces, key=lambda face: face.box[0]), places, strict=True):
        assert_eyes_and_mouth(face.keypoints, *place[:3])


def test_face_is_found_when_it_fills_the_photo(detector: PhotoFaceDetector) -> None:
    photo = synthetic_photo([(0, 0, 600, False)], (600, 600)).crop((170, 190, 440, 460))
    (face,) = detector.detect(np.asarray(photo))
    assert_eyes_and_mouth(face.keypoints, -170, -190, 600)


def test_pale_face_is_found_although_no_network_is_sure_at_first(
    detector: PhotoFaceDetector,
) -> None:
    photo = difficult_photo(24, paleness=0.92, size=(320, 240))  # first 0.37, verified 0.70
    assert len(detector.detect(photo)) == 1


def test_blurred_face_counts_only_when_the_networks_agree(detector: PhotoFaceDetector) -> None:
    sharper = difficult_photo(40, blur_px=2, size=(320, 240))  # verified 0.71
    assert len(detector.detect(sharper)) == 1
    worse = difficult_photo(40, degrees=60, paleness=0.6, blur_px=2, size=(320, 240))  # 0.45
    assert detector.detect(worse) == []


def test_noise_has_no_face(detector: PhotoFaceDetector) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), dtype=np.uint8)
    assert detector.detect(noise) == []


@pytest.mark.parametrize("size", [(1, 1), (2000, 1), (1, 2000), (3, 5)])
def test_sliver_has_no_face(size: tuple[int, int], detector: PhotoFaceDetector) -> None:
    assert detector.detect(np.full((size[1], size[0], 3), 128, np.uint8)) == []


@pytest.mark.parametrize("wrong", [np.zeros((10, 10), np.uint8), np.zeros((9, 9, 4), np.uint8)])
def test_error_names_the_argument_when_it_is_not_an_rgb_image(
    wrong: np.ndarray, detector: PhotoFaceDetector
) -> None:
    with pytest.raises(ImageError, match="rgb: expected a uint8 array of shape"):
        detector.detect(wrong)
