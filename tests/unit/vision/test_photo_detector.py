"""All faces of a photo are found once, small and large, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from edge_lambda.synthetic_face import WALL
from smile_vision.errors import ImageError
from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.detector import FaceDetector
from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.faces.verification import FILL, VIEW_PX
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
        ((700, 520), 20, [(20, 30), (350, 260)]),
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
    large, _ = detector.detect(np.asarray(photo))
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


def searches(detector: PhotoFaceDetector, photo: np.ndarray) -> tuple[int, list[str]]:
    """Return the number of faces, and the networks that ran, in this order."""
    calls: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for kind, network in detector._networks.items():

            def detect(
                rgb: np.ndarray, kind: str = kind, network: FaceDetector = network
            ) -> list[FaceDetection]:
                calls.append(kind)
                return type(network).detect(network, rgb)

            patch.setattr(network, "detect", detect)
        return len(detector.detect(photo)), calls


@pytest.mark.parametrize(("side_px", "ends_early"), [(170, False), (210, True)])
def test_search_ends_after_the_first_look_when_it_finds_a_large_certain_face(
    side_px: int, ends_early: bool, detector: PhotoFaceDetector
) -> None:
    photo = difficult_photo(side_px, size=(320, 240))  # its face: 60 % of the side
    faces, networks = searches(detector, photo)
    assert faces == 1
    assert (networks == ["short", "full", "short"]) is ends_early
    assert ("back" in networks) is not ends_early


@pytest.mark.parametrize("blur_px", [0, 9])
def test_search_goes_on_when_another_face_is_not_certain(
    blur_px: int, detector: PhotoFaceDetector
) -> None:
    photo = synthetic_photo([(20, 60, 380, True), (400, 100, 230, False)])
    other = photo.crop((400, 90, 640, 340)).filter(ImageFilter.GaussianBlur(blur_px))
    photo.paste(other, (400, 90))
    faces, networks = searches(detector, np.asarray(photo))
    assert (faces, "back" in networks) == (2, blur_px > 0)


def test_faces_of_a_group_are_all_found_when_they_are_26_px_wide(
    detector: PhotoFaceDetector,
) -> None:
    # The box of a synthetic face takes 61 % of its side.
    places = [(60 + 150 * (n % 7), 90 + 190 * (n // 7), 43, n % 2 == 0) for n in range(21)]
    faces = detector.detect(np.asarray(synthetic_photo(places, (1200, 720))))
    assert len(faces) == len(places)
    for face in faces:
        assert 20 < face.box[2] < 33
        nearest = min(places, key=lambda place: np.hypot(*(np.array(place[:2]) - face.box[:2])))
        assert_eyes_and_mouth(face.keypoints, *nearest[:3], within=0.12)


def buttons(dark: bool) -> np.ndarray:
    """Return coat buttons with four holes, uint8 (H, W, 3)."""
    scale = 4
    cloth, rim, plate, hole = ((14, 30, 44, 4), (120, 90, 170, 60))[not dark]
    photo = Image.new("L", (480 * scale, 360 * scale), cloth)
    draw = ImageDraw.Draw(photo)

    def disc(x: float, y: float, radius: float, grey: int) -> None:
        draw.ellipse([v * scale for v in (x - radius, y - radius, x + radius, y + radius)], grey)

    for n in range(12):
        x, y, radius = 60 + 120 * (n % 4), 60 + 120 * (n // 4), 14 + 3 * n
        disc(x, y, radius, rim)
        disc(x, y, radius * 0.93, plate)
        disc(x, y, radius * 0.66, (rim + plate) // 2)
        for quarter in range(4):
            angle = np.pi * (n / 24 + quarter / 2)
            disc(
                x + radius * 0.26 * np.cos(angle),
                y + radius * 0.26 * np.sin(angle),
                0.13 * radius,
                hole,
            )
    photo = photo.resize((480, 360), Image.Resampling.LANCZOS)
    return np.asarray(photo.filter(ImageFilter.GaussianBlur(0.8)).convert("RGB"))


@pytest.mark.parametrize("dark", [True, False])
def test_buttons_are_no_faces(dark: bool, detector: PhotoFaceDetector) -> None:
    assert detector.detect(buttons(dark)) == []


@pytest.mark.parametrize(("score", "count"), [(0.25, 0), (0.35, 1)])
def test_candidate_is_verified_only_when_the_search_gives_it_some_score(
    score: float, count: int, detector: PhotoFaceDetector
) -> None:
    class Network:
        def __init__(self, fill: float) -> None:
            self.fill = fill

        def detect(self, rgb: np.ndarray) -> list[FaceDetection]:
            view = rgb.shape == (VIEW_PX, VIEW_PX, 3)
            side = self.fill * VIEW_PX if view else 40
            corner = (VIEW_PX - side) / 2 if view else 100
            points = np.array([[0.3, 0.3], [0.7, 0.3], [0.5, 0.5], [0.5, 0.75], [0, 0], [1, 0]])
            keypoints = (points * side + corner).astype(np.float32)
            return [FaceDetection((corner, corner, side, side), 0.95 if view else score, keypoints)]

    networks = {kind: Network(fill) for kind, fill in FILL.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector, "_networks", networks)
        assert len(detector.detect(np.zeros((240, 320, 3), np.uint8))) == count


def test_pale_face_is_found_although_no_network_is_sure_at_first(
    detector: PhotoFaceDetector,
) -> None:
    photo = difficult_photo(24, paleness=0.86, size=(320, 240))  # first 0.53, verified 0.75
    assert len(detector.detect(photo)) == 1


def test_blurred_face_counts_only_when_the_networks_agree(detector: PhotoFaceDetector) -> None:
    sharper = difficult_photo(40, blur_px=1.8, size=(320, 240))  # likeness 0.73
    assert len(detector.detect(sharper)) == 1
    worse = difficult_photo(40, degrees=60, paleness=0.6, blur_px=2, size=(320, 240))
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
