"""Which views of a face can be scored, on real pixels: faces of the bundled clip."""

from __future__ import annotations

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edge_lambda.synthetic_face import draw_face
from smile_vision.faces.detection import EYES_AND_MOUTH, FaceDetection
from smile_vision.faces.video_detector import VideoFaceDetector
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.quality import Quality, quality_of
from tests.helpers.video import CLIP

Grey = NDArray[np.uint8]
NOSE = 2


@pytest.fixture(scope="module")
def grey() -> Grey:
    with av.open(str(CLIP)) as container:
        return np.array(next(container.decode(video=0)).to_ndarray(format="gray"))


@pytest.fixture(scope="module")
def faces(grey: Grey) -> list[FaceDetection]:
    found = VideoFaceDetector().detect(grey)
    assert len(found) == 2
    return found


def quality(grey: Grey, keypoints: NDArray[np.float32]) -> Quality:
    height, width = grey.shape
    return quality_of(crop_face(grey, keypoints), keypoints, width, height)


def eye_distance(face: FaceDetection) -> float:
    return float(np.hypot(*(face.keypoints[1] - face.keypoints[0])))


def test_face_is_good(grey: Grey, faces: list[FaceDetection]) -> None:
    assert {quality(grey, face.keypoints) for face in faces} == {Quality.GOOD}
    drawn = np.asarray(draw_face(200, smiles=True).convert("L"))
    (face,) = VideoFaceDetector().detect(drawn)
    assert quality(drawn, face.keypoints) is Quality.GOOD


@pytest.mark.parametrize(
    ("width_px", "expected"),
    [(12, Quality.SMALL), (16, Quality.SMALL), (24, Quality.GOOD), (60, Quality.GOOD)],
)
def test_face_narrower_than_20_px_is_too_small(
    grey: Grey, faces: list[FaceDetection], width_px: float, expected: Quality
) -> None:
    for face in faces:
        size = [round(side * width_px / face.box[2]) for side in grey.shape[::-1]]
        small = np.asarray(Image.fromarray(grey).resize((size[0], size[1])))
        keypoints = face.scaled(size[0] / grey.shape[1], size[1] / grey.shape[0]).keypoints
        assert quality(small, keypoints) is expected


def test_eyes_in_one_place_are_too_small(grey: Grey, faces: list[FaceDetection]) -> None:
    keypoints = faces[0].keypoints.copy()
    keypoints[1] = keypoints[0]
    assert quality(grey, keypoints) is Quality.SMALL


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize(
    ("margin", "expected"),
    [(-0.5, Quality.CUT_OFF), (0.08, Quality.CUT_OFF), (0.12, Quality.GOOD), (0.3, Quality.GOOD)],
)
def test_face_is_cut_off_when_the_edge_is_near_its_eyes_or_mouth(
    grey: Grey, faces: list[FaceDetection], side: str, margin: float, expected: Quality
) -> None:
    for face in faces:
        points = face.keypoints[EYES_AND_MOUTH, :]
        margin_px = margin * eye_distance(face)
        (left, top), (right, bottom) = (0.0, 0.0), (grey.shape[1], grey.shape[0])
        if side == "left":
            left = points[:, 0].min() - margin_px
        elif side == "right":
            right = points[:, 0].max() + margin_px
        elif side == "top":
            top = points[:, 1].min() - margin_px
        else:
            bottom = points[:, 1].max() + margin_px
        part = grey[round(top) : round(bottom), round(left) : round(right)]
        keypoints = face.shifted(-round(left), -round(top)).keypoints
        assert quality(part, keypoints) is expected


@pytest.mark.parametrize("degrees", [0, 30, -30, 180])
@pytest.mark.parametrize(
    ("turn", "expected"),
    [(0.0, Quality.GOOD), (0.45, Quality.GOOD), (-0.45, Quality.GOOD),
     (0.55, Quality.TURNED), (-0.55, Quality.TURNED)],
)  # fmt: skip
def test_face_is_turned_away_when_its_nose_is_beside_an_eye(
    grey: Grey, faces: list[FaceDetection], degrees: float, turn: float, expected: Quality
) -> None:
    keypoints = faces[0].keypoints.copy()
    eyes = keypoints[:2].mean(axis=0)
    across = keypoints[1] - keypoints[0]
    down = np.array([-across[1], across[0]])
    keypoints[NOSE] = eyes + turn * across + 0.4 * down
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    keypoints = ((keypoints - eyes) @ rotation + eyes).astype(np.float32)
    assert quality(grey, keypoints) is expected


@pytest.mark.parametrize(
    ("deviation", "expected"),
    [(0.0, Quality.FLAT), (4.2, Quality.FLAT), (5.9, Quality.GOOD), (12.0, Quality.GOOD)],
)
def test_face_is_flat_when_its_grey_levels_hardly_differ(
    grey: Grey, faces: list[FaceDetection], deviation: float, expected: Quality
) -> None:
    for face in faces:
        crop = crop_face(grey, face.keypoints)
        factor = deviation / crop.std()
        flat = np.clip((grey - crop.mean()) * factor + 128, 0, 255).round().astype(np.uint8)
        assert quality(flat, face.keypoints) is expected


def test_face_in_the_dark_is_flat(grey: Grey, faces: list[FaceDetection]) -> None:
    dark = (grey * 0.06).astype(np.uint8)
    assert {quality(dark, face.keypoints) for face in faces} == {Quality.FLAT}
