from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange
from numpy.typing import NDArray
from PIL import Image

from edge_lambda.camera import Frame
from edge_lambda.faces.vision import SmileVision
from edge_lambda.synthetic_face import WALL, draw_face
from smile_vision.smiles.classifier import SmileClassifier

WIDTH, HEIGHT = 640, 360
# Left, top and side in px.
SMILING, NEUTRAL = (40, 60, 240), (360, 60, 240)


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    photo = Image.new("RGB", (WIDTH, HEIGHT), WALL)
    for (left, top, side_px), smiles in ((SMILING, True), (NEUTRAL, False)):
        photo.paste(draw_face(side_px, smiles=smiles), (left, top))
    return photo


@pytest.fixture(scope="module")
def vision() -> SmileVision:
    return SmileVision()


def frame_of(photo: Image.Image) -> Frame:
    picture = av.VideoFrame.from_ndarray(np.asarray(photo), format="rgb24")
    return Frame(0, 0.0, picture.reformat(format="yuv420p"))


def grey_frame(grey: NDArray[np.uint8], color_range: ColorRange) -> Frame:
    picture = av.VideoFrame.from_ndarray(grey, format="gray")
    picture.color_range = color_range
    return Frame(0, 0.0, picture, Fraction(1))


def test_faces_are_relative_to_the_frame_and_the_smiling_one_scores_higher(
    photo: Image.Image, vision: SmileVision
) -> None:
    frame = frame_of(photo)
    smiling, neutral = sorted(vision.find_faces(frame), key=lambda face: face.box[0])
    for face, (left, top, side_px) in ((smiling, SMILING), (neutral, NEUTRAL)):
        x, y, width, height = face.box
        centre = ((x + width / 2) * WIDTH, (y + height / 2) * HEIGHT)
        assert centre == pytest.approx((left + side_px / 2, top + side_px / 2), abs=side_px / 6)
        assert 0.5 < face.score <= 1
        assert face.keypoints.shape == (6, 2)
        eyes_and_mouth = face.keypoints[:4] * (WIDTH, HEIGHT) - (left, top)
        assert (eyes_and_mouth > 0).all() and (eyes_and_mouth < side_px).all()
    scores = vision.smile_scores(frame, [smiling.keypoints, neutral.keypoints])
    assert scores[0] > vision.card.threshold_on > vision.card.threshold_off > scores[1]


def test_small_faces_are_ignored(photo: Image.Image) -> None:
    frame = frame_of(photo)
    sides = [
        min(face.box[2] * WIDTH, face.box[3] * HEIGHT) for face in SmileVision().find_faces(frame)
    ]
    assert len(SmileVision(min_face_px=int(min(sides)) - 2).find_faces(frame)) == 2
    assert SmileVision(min_face_px=int(max(sides)) + 2).find_faces(frame) == []


def test_unsure_faces_are_ignored_when_more_confidence_is_asked_for(photo: Image.Image) -> None:
    assert SmileVision(min_face_score=0.999999).find_faces(frame_of(photo)) == []


def test_score_does_not_depend_on_whether_the_video_has_limited_range(
    photo: Image.Image, vision: SmileVision, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = [face.keypoints for face in vision.find_faces(frame_of(photo))]
    full = np.asarray(photo.convert("L"))
    limited = np.rint(16 + full * (219 / 255)).astype(np.uint8)
    seen: list[NDArray[np.uint8]] = []
    score = SmileClassifier.smile_scores
    monkeypatch.setattr(
        SmileClassifier,
        "smile_scores",
        lambda self, crops: seen.append(crops) or score(self, crops),
    )
    scores = [
        vision.smile_scores(grey_frame(full, ColorRange.JPEG), faces),
        vision.smile_scores(grey_frame(limited, ColorRange.MPEG), faces),
    ]
    assert np.abs(seen[0].astype(int) - seen[1]).max() <= 2
    assert scores[0] == pytest.approx(scores[1], abs=0.02)


def test_black_and_white_stay_black_and_white_when_video_exceeds_its_range(
    vision: SmileVision, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[NDArray[np.uint8]] = []
    monkeypatch.setattr(
        SmileClassifier, "smile_scores", lambda _, crops: seen.append(crops) or [0.5]
    )
    points = np.array([[0.4, 0.4], [0.6, 0.4], [0.5, 0.5], [0.5, 0.6]] + [[0.5, 0.5]] * 2)
    for level in (0, 16, 125, 235, 255):
        grey = np.full((HEIGHT, WIDTH), level, np.uint8)
        vision.smile_scores(grey_frame(grey, ColorRange.MPEG), [points.astype(np.float32)])
    levels = [int(crop.max()) for crop in seen]
    assert levels == [0, 0, 127, 255, 255]
    assert [int(crop.min()) for crop in seen] == levels


def test_face_has_no_score_when_its_key_points_coincide_and_the_others_have(
    photo: Image.Image, vision: SmileVision
) -> None:
    frame = frame_of(photo)
    first, second = (face.keypoints for face in vision.find_faces(frame))
    nowhere = np.full((6, 2), 0.5, np.float32)
    scores = vision.smile_scores(frame, [first, nowhere, second])
    assert np.isnan(scores).tolist() == [False, True, False]
    assert scores[[0, 2]] == pytest.approx(vision.smile_scores(frame, [first, second]), abs=1e-6)
    assert np.isnan(vision.smile_scores(frame, [nowhere])).all()


def test_nothing_is_computed_when_there_are_no_faces(
    vision: SmileVision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Frame, "grey", lambda _: 1 / 0)
    picture = av.VideoFrame(64, 64, "gray")
    assert vision.smile_scores(Frame(0, 0.0, picture), []).shape == (0,)


def test_score_is_the_same_when_the_picture_is_mirrored(
    photo: Image.Image, vision: SmileVision
) -> None:
    faces = [face.keypoints for face in vision.find_faces(frame_of(photo))]
    swapped = [1, 0, 2, 3, 5, 4]  # the left eye and ear become the right ones
    mirrored = [(points * (-1, 1) + (1, 0)).astype(np.float32)[swapped] for points in faces]
    grey = np.asarray(photo.convert("L"))
    scores = vision.smile_scores(grey_frame(grey, ColorRange.JPEG), faces)
    mirrored_scores = vision.smile_scores(
        grey_frame(grey[:, ::-1].copy(), ColorRange.JPEG), mirrored
    )
    assert mirrored_scores == pytest.approx(scores, abs=0.01)
