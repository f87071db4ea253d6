"""One BlazeFace network finds faces in images of any shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from smile_vision.errors import ImageError, VisionError
from smile_vision.faces.blazeface import anchors
from smile_vision.faces.detector import FaceDetector
from tests.helpers.synthetic_photos import assert_eyes_and_mouth, difficult_photo, synthetic_photo


class FixedNetwork:
    """A network that records its input and always returns the same rows."""

    def __init__(self, rows: dict[int, tuple[float, list[float]]], count: int) -> None:
        self.scores = np.full((1, count, 1), -100, np.float32)
        self.regressors = np.zeros((1, count, 16), np.float32)
        for index, (logit, values) in rows.items():
            self.scores[0, index] = logit
            self.regressors[0, index, : len(values)] = values
        self.input = np.empty(0)

    def get_input_details(self) -> list[dict[str, Any]]:
        return [{"index": 7}]

    def get_output_details(self) -> list[dict[str, Any]]:
        arrays = (self.regressors, self.scores)
        return [{"index": index, "shape": array.shape} for index, array in enumerate(arrays)]

    def set_tensor(self, tensor_index: int, value: np.ndarray) -> None:
        assert tensor_index == 7
        self.input = value.copy()

    def get_tensor(self, tensor_index: int) -> np.ndarray:
        return (self.regressors, self.scores)[tensor_index]

    def invoke(self) -> None:
        pass


@pytest.mark.parametrize("kind", ["short", "back", "full"])
@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1280, 720)])
def test_face_is_found_in_image_pixels_when_the_image_has_any_shape(
    kind: str, size: tuple[int, int]
) -> None:
    rgb = np.asarray(synthetic_photo([(150, 100, 300, True)], size))
    (face,) = FaceDetector.load(kind).detect(rgb)
    assert_eyes_and_mouth(face.keypoints, 150, 100, 300)


def test_face_fits_the_original_when_the_decoder_did_the_scaling() -> None:
    frame = synthetic_photo([(300, 200, 320, False)], (1280, 720))
    small = np.asarray(frame.resize((192, 108), Image.Resampling.BILINEAR))
    (face,) = FaceDetector.load("full").detect(small)
    assert_eyes_and_mouth(face.scaled(1280 / 192, 720 / 108).keypoints, 300, 200, 320)


@pytest.mark.parametrize(
    ("kind", "photo", "count"),
    [
        ("short", {"side_px": 40, "degrees": 70}, 1),  # score 0.58
        ("short", {"side_px": 40, "degrees": 100}, 0),  # 0.46
        ("back", {"side_px": 40, "degrees": 170}, 1),  # 0.56
        ("back", {"side_px": 18, "degrees": 150, "paleness": 0.8}, 0),  # 0.40
        ("full", {"side_px": 40, "degrees": 150}, 1),  # 0.45
        ("full", {"side_px": 80, "degrees": 120}, 0),  # 0.34
    ],
)
def test_doubtful_face_counts_only_above_the_minimum_score_of_the_network(
    kind: str, photo: dict[str, Any], count: int
) -> None:
    rgb = difficult_photo(**photo)
    assert len(FaceDetector.load(kind).detect(rgb)) == count
    assert FaceDetector.load(kind, score_threshold=0.3).detect(rgb)


@pytest.mark.parametrize(("size", "left", "top"), [((256, 128), 0, 32), ((64, 128), 32, 0)])
def test_network_sees_the_image_in_the_middle_of_a_black_square(
    size: tuple[int, int], left: int, top: int
) -> None:
    network = FixedNetwork({}, len(anchors("short")))
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)
    FaceDetector(network, "short").detect(np.asarray(image))
    scale = 128 / max(size)
    expected = np.zeros((128, 128, 3), np.float32)
    scaled = image.resize((round(size[0] * scale), round(size[1] * scale)), Image.Resampling.BOX)
    expected[top : top + scaled.height, left : left + scaled.width] = np.asarray(scaled)
    assert network.input.dtype == np.float32
    off = np.abs((network.input[0] + 1) * 127.5 - expected)
    assert off.max() < 16
    assert off.mean() < 2
    assert (network.input[0][:top] == -1).all()
    assert (network.input[0][:, :left] == -1).all()


def test_output_rows_become_faces_in_pixels_of_the_image() -> None:
    # Anchor 0 of "short" is at (4, 4). The image, 256 x 128 px, is scaled by 1/2 and starts at
    # y = 32 of the input.
    row = [60, 60, 20, 40, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 76]
    network = FixedNetwork({0: (2.0, row)}, len(anchors("short")))
    (face,) = FaceDetector(network, "short").detect(np.zeros((128, 256, 3), np.uint8))
    assert face.box == (108, 24, 40, 80)
    assert face.score == pytest.approx(1 / (1 + np.exp(-2)))
    assert face.keypoints.tolist() == [
        [8, -56],
        [10, -56],
        [12, -56],
        [14, -56],
        [16, -56],
        [18, 96],
    ]


def test_certain_face_has_score_1_and_box_without_area_is_ignored() -> None:
    rows = {0: (1e4, [60.0, 60, 20, 40]), 600: (1e4, [0.0, 0, -9, 20]), 700: (9.0, [0.0, 0, 9, 0])}
    network = FixedNetwork(rows, len(anchors("short")))
    with np.errstate(all="raise", under="ignore"):
        (face,) = FaceDetector(network, "short").detect(np.zeros((128, 128, 3), np.uint8))
    assert face.score == 1


def test_nothing_remains_of_an_image_when_others_of_another_shape_follow() -> None:
    detector = FaceDetector.load("back")
    wide = np.asarray(synthetic_photo([(200, 0, 200, True)], (640, 200)))
    tall = np.asarray(synthetic_photo([(0, 200, 200, True)], (200, 640)))
    first = detector.detect(wide)
    detector.detect(tall)
    again = detector.detect(wide)
    assert [face.box for face in again] == [face.box for face in first]
    assert len(again) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros(10, np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
        np.zeros((0, 10, 3), np.uint8),
        [[[1, 2, 3]]],
    ],
)
def test_error_names_the_argument_when_it_is_not_an_image(wrong: Any) -> None:
    with pytest.raises(ImageError, match="image: expected a uint8 array of shape"):
        FaceDetector.load("short").detect(wrong)


def test_error_lists_the_kinds_when_the_kind_is_unknown() -> None:
    with pytest.raises(VisionError, match="kind: expected one of short, back, full, got 'haar'"):
        FaceDetector.load("haar")


@pytest.mark.parametrize("threshold", [0, 1, -0.1, 7])
def test_error_names_the_threshold_when_it_is_out_of_range(threshold: float) -> None:
    with pytest.raises(VisionError, match="score_threshold: expected 0 < x < 1, got"):
        FaceDetector.load("short", score_threshold=threshold)
