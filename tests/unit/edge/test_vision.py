from __future__ import annotations

import math
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange
from numpy.typing import NDArray
from PIL import Image

from edge_lambda.camera import Frame
from edge_lambda.faces.observation import Observation
from edge_lambda.faces.search_plan import Region, SearchPlan
from edge_lambda.faces.vision import SmileVision
from edge_lambda.synthetic_face import WALL, draw_face
from smile_vision.faces.boxes import Box
from smile_vision.faces.video_detector import ROOM
from smile_vision.smiles.classifier import Classified, SmileClassifier
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.quality import Quality
from smile_vision.smiles.score import FaceScore
from tests.helpers.video import CLIP

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


@pytest.fixture(scope="module")
def faces(photo: Image.Image, vision: SmileVision) -> list[Observation]:
    """Return the smiling face and the neutral one."""
    seen = sorted(faces_in(photo, vision), key=lambda face: face.box[0])
    assert len(seen) == 2
    return seen


@pytest.fixture(scope="module")
def keypoints(faces: list[Observation]) -> list[NDArray[np.float32]]:
    return [face.keypoints for face in faces]


def frame_of(photo: Image.Image) -> Frame:
    picture = av.VideoFrame.from_ndarray(np.asarray(photo), format="rgb24")
    return Frame(0, 0.0, picture.reformat(format="yuv420p"))


def faces_in(photo: Image.Image, vision: SmileVision) -> list[Observation]:
    frame = frame_of(photo)
    whole = Region(0, 0, frame.width, frame.height, is_whole=True)
    found = [vision.look(frame, box, ROOM) for box in vision.search(frame, whole)]
    return [face for face in found if face is not None]


def grey_frame(grey: NDArray[np.uint8], color_range: ColorRange) -> Frame:
    picture = av.VideoFrame.from_ndarray(grey, format="gray")
    picture.color_range = color_range
    return Frame(0, 0.0, picture, Fraction(1))


def stretched(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return pixels from 0 to 255 instead of 16 to 235."""
    return np.clip((crops.astype(float) - 16) * (255 / 219) + 0.5, 0, 255).astype(np.uint8)


def smile_scores(scores: list[FaceScore]) -> list[float]:
    assert {one.quality for one in scores} == {Quality.GOOD}
    return [one.smile_score for one in scores]


def centre_px(box: Box) -> tuple[float, float]:
    x, y, width, height = box
    return (x + width / 2) * WIDTH, (y + height / 2) * HEIGHT


def test_faces_are_relative_to_the_frame_and_the_smiling_one_scores_higher(
    photo: Image.Image, vision: SmileVision, faces: list[Observation]
) -> None:
    for face, (left, top, side_px) in zip(faces, (SMILING, NEUTRAL), strict=True):
        expected = (left + side_px / 2, top + side_px / 2)
        assert centre_px(face.box) == pytest.approx(expected, abs=side_px / 6)
        assert 0.7 < face.score <= 1
        assert face.keypoints.shape == (6, 2)
        eyes_and_mouth = face.keypoints[:4] * (WIDTH, HEIGHT) - (left, top)
        assert (eyes_and_mouth > 0).all() and (eyes_and_mouth < side_px).all()
    smiling, neutral = smile_scores(
        vision.score(frame_of(photo), [face.keypoints for face in faces])
    )
    assert smiling > vision.card.threshold_on > vision.card.threshold_off > neutral


@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (1920, 1080)])
def test_candidates_of_a_region_are_relative_to_the_frame(
    photo: Image.Image, vision: SmileVision, size: tuple[int, int]
) -> None:
    factor = size[0] / WIDTH
    frame = frame_of(photo.resize(size))
    left, top, side_px = NEUTRAL
    region = Region(*(round(place * factor) for place in (300, 20, 330, 330)), is_whole=False)
    (box,) = vision.search(frame, region)
    expected = (left + side_px / 2, top + side_px / 2)
    assert centre_px(box) == pytest.approx(expected, abs=side_px / 6)
    assert box[2] * WIDTH == pytest.approx(0.55 * side_px, rel=0.2)


def test_only_the_whole_frame_is_searched_for_faces_that_fill_it(vision: SmileVision) -> None:
    photo = Image.new("RGB", (180, 192), WALL)
    photo.paste(draw_face(295, smiles=True), (-58, -51))
    frame = frame_of(photo)
    assert len(vision.search(frame, Region(0, 0, 180, 192, is_whole=True))) == 1
    assert vision.search(frame, Region(0, 0, 180, 192, is_whole=False)) == []


def test_look_finds_nothing_where_nobody_is(photo: Image.Image, vision: SmileVision) -> None:
    assert vision.look(frame_of(photo), (0.45, 0.1, 0.1, 0.18), ROOM) is None


def test_mirrored_look_and_more_room_find_the_same_face(
    photo: Image.Image, vision: SmileVision, faces: list[Observation]
) -> None:
    frame = frame_of(photo)
    for face in faces:
        aside = (face.box[0] + 0.1, *face.box[1:])  # half a face
        assert vision.look(frame, aside, ROOM) is None
        for seen in (
            vision.look(frame, aside, 3.2),
            vision.look(frame, face.box, ROOM, is_mirrored=True),
        ):
            assert seen is not None
            off_px = (seen.keypoints[:4] - face.keypoints[:4]) * (WIDTH, HEIGHT)
            assert np.abs(off_px).max() < 0.05 * SMILING[2]


def test_score_does_not_depend_on_whether_the_video_has_limited_range(
    photo: Image.Image,
    vision: SmileVision,
    keypoints: list[NDArray[np.float32]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = np.asarray(photo.convert("L"))
    limited = np.rint(16 + full * (219 / 255)).astype(np.uint8)
    seen: list[NDArray[np.uint8]] = []
    classify = SmileClassifier.classify
    monkeypatch.setattr(
        SmileClassifier,
        "classify",
        lambda self, crops: seen.append(crops) or classify(self, crops),
    )
    scores = [
        smile_scores(vision.score(grey_frame(full, ColorRange.JPEG), keypoints)),
        smile_scores(vision.score(grey_frame(limited, ColorRange.MPEG), keypoints)),
    ]
    assert np.abs(seen[0].astype(int) - seen[1]).max() <= 2
    assert scores[0] == pytest.approx(scores[1], abs=0.02)


def test_black_and_white_stay_black_and_white_when_video_exceeds_its_range(
    vision: SmileVision, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[NDArray[np.uint8]] = []
    half = np.array([0.5], np.float32)
    classified = Classified(half, np.array([True]), half)
    monkeypatch.setattr(
        SmileClassifier, "classify", lambda _, crops: seen.append(crops) or classified
    )
    monkeypatch.setattr("edge_lambda.faces.vision.quality_of", lambda *_: Quality.GOOD)
    points = np.array([[0.4, 0.4], [0.6, 0.4], [0.5, 0.5], [0.5, 0.6]] + [[0.5, 0.5]] * 2)
    for level in (0, 16, 125, 235, 255):
        grey = np.full((HEIGHT, WIDTH), level, np.uint8)
        vision.score(grey_frame(grey, ColorRange.MPEG), [points.astype(np.float32)])
    levels = [int(crop.max()) for crop in seen]
    assert levels == [0, 0, 127, 255, 255]
    assert [int(crop.min()) for crop in seen] == levels


def test_face_has_no_score_when_its_key_points_coincide_and_the_others_have(
    photo: Image.Image, vision: SmileVision, keypoints: list[NDArray[np.float32]]
) -> None:
    frame = frame_of(photo)
    first, second = keypoints
    nowhere = np.full((6, 2), 0.5, np.float32)
    one, none, two = vision.score(frame, [first, nowhere, second])
    assert none.quality is Quality.SMALL and math.isnan(none.smile_score)
    alone = smile_scores(vision.score(frame, [first, second]))
    assert smile_scores([one, two]) == pytest.approx(alone, abs=1e-6)
    (none,) = vision.score(frame, [nowhere])
    assert none.quality is Quality.SMALL and math.isnan(none.smile_score)


def test_face_has_a_reason_instead_of_a_score_when_its_quality_is_not_good(
    photo: Image.Image,
    vision: SmileVision,
    keypoints: list[NDArray[np.float32]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SmileClassifier, "classify", lambda *_: 1 / 0)
    outside = keypoints[0] - np.float32([0.25, 0])
    (score,) = vision.score(frame_of(photo), [outside])
    assert score.quality is Quality.CUT_OFF and math.isnan(score.smile_score)


def test_face_has_a_reason_instead_of_a_score_when_its_mouth_is_hidden(
    photo: Image.Image,
    vision: SmileVision,
    keypoints: list[NDArray[np.float32]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = frame_of(photo)
    _, seen = vision.score(frame, keypoints)
    classify = SmileClassifier.classify
    monkeypatch.setattr(
        SmileClassifier,
        "classify",
        lambda self, crops: classify(self, crops)._replace(
            is_mouth_visible=np.array([False, True])
        ),
    )
    hidden, other = vision.score(frame, keypoints)
    assert hidden.quality is Quality.COVERED and math.isnan(hidden.smile_score)
    assert other == seen


def test_nothing_is_computed_when_there_are_no_faces(
    vision: SmileVision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Frame, "grey", lambda _: 1 / 0)
    picture = av.VideoFrame(64, 64, "gray")
    assert vision.score(Frame(0, 0.0, picture), []) == []


def test_score_is_about_the_same_when_the_picture_is_mirrored(
    photo: Image.Image, vision: SmileVision, keypoints: list[NDArray[np.float32]]
) -> None:
    swapped = [1, 0, 2, 3, 5, 4]  # the left eye and ear become the right ones
    mirrored = [(points * (-1, 1) + (1, 0)).astype(np.float32)[swapped] for points in keypoints]
    grey = np.asarray(photo.convert("L"))
    scores = smile_scores(vision.score(grey_frame(grey, ColorRange.JPEG), keypoints))
    mirrored_scores = smile_scores(
        vision.score(grey_frame(grey[:, ::-1].copy(), ColorRange.JPEG), mirrored)
    )
    assert mirrored_scores == pytest.approx(scores, abs=0.05)


def test_faces_are_scored_without_their_mirror_images(
    photo: Image.Image, vision: SmileVision, keypoints: list[NDArray[np.float32]]
) -> None:
    frame = frame_of(photo)
    grey = frame.grey()
    crops = np.stack([crop_face(grey, points * (WIDTH, HEIGHT)) for points in keypoints])
    assert frame.is_limited_range
    expected = SmileClassifier.load(flip=False).smile_scores(stretched(crops))
    assert smile_scores(vision.score(frame, keypoints)) == pytest.approx(expected, abs=0.004)
    assert abs(SmileClassifier.load(flip=True).smile_scores(stretched(crops)) - expected).max() > (
        0.006
    )


def test_face_of_two_percent_of_the_width_is_a_candidate_of_a_tile(vision: SmileVision) -> None:
    """People of the bundled clip, 38 px wide in 1920 x 1080."""
    with av.open(str(CLIP)) as container:
        people = next(container.decode(video=0)).to_image()
    for face in faces_in(people, vision):
        factor = 38 / (face.box[2] * people.width)
        small = people.convert("L").resize(
            (round(people.width * factor), round(people.height * factor))
        )
        frame_px = np.full((1080, 1920), 90, np.uint8)
        frame_px[300 : 300 + small.height, 800 : 800 + small.width] = np.array(small)
        frame = grey_frame(frame_px, ColorRange.JPEG)
        x = (800 + (face.box[0] + face.box[2] / 2) * small.width) / 1920
        y = (300 + (face.box[1] + face.box[3] / 2) * small.height) / 1080
        tiles = [
            tile
            for tile in SearchPlan(1920, 1080, 24).regions[1:]
            if tile.x + 40 < x * 1920 < tile.x + tile.width - 40
            and tile.y + 40 < y * 1080 < tile.y + tile.height - 40
        ]
        found = [box for tile in tiles for box in vision.search(frame, tile)]
        assert any(abs(box[0] + box[2] / 2 - x) < 0.005 and 0.014 < box[2] < 0.028 for box in found)
