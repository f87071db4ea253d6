"""A closer look at one place: where, how large and how certain a face is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.video_detector import VideoFaceDetector
from tests.helpers.clip_faces import crop_offset_px, resized, scaled_clip
from tests.helpers.things import IDS, THINGS, photo_of

LOOK_PX, ROOM = 128, 2.2


@pytest.mark.parametrize("width_px", [24, 32, 48, 80, 120, 200])
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_key_points_are_as_good_as_on_a_large_portrait_at_every_size(
    detector: VideoFaceDetector,
    clip: Image.Image,
    people: list[FaceDetection],
    width_px: float,
    is_mirrored: bool,
) -> None:
    for person in people:
        grey, expected = scaled_clip(clip, person, width_px)
        aim = detector.look(grey, expected.box)
        assert aim is not None
        for factor, off in ((1, (0, 0)), (1.1, (0.08, -0.05)), (0.9, (-0.08, 0.05))):
            box = resized(aim.box, factor, off)
            found = detector.look(grey, box, is_mirrored=is_mirrored)
            assert found is not None and found.score >= 0.8
            assert crop_offset_px(found, expected) <= 4


def test_mirrored_look_has_the_same_key_points_in_the_same_order(
    detector: VideoFaceDetector, clip: Image.Image, people: list[FaceDetection]
) -> None:
    for person in people:
        grey, expected = scaled_clip(clip, person, 80)
        straight = detector.look(grey, expected.box)
        mirrored = detector.look(grey, expected.box, is_mirrored=True)
        assert straight is not None and mirrored is not None
        eyes_px = straight.keypoints[1, 0] - straight.keypoints[0, 0]
        assert eyes_px > 20 and straight.keypoints[5, 0] > straight.keypoints[4, 0] + eyes_px
        assert straight.score != mirrored.score  # otherwise it proves nothing new
        off = np.hypot(*(mirrored.keypoints - straight.keypoints)[:4].T)
        assert off.max() < 0.1 * eyes_px and off.mean() < 0.07 * eyes_px
        assert mirrored.box == pytest.approx(straight.box, abs=0.06 * straight.box[2])


def test_mirrored_look_at_a_mirrored_frame_is_the_same_look(
    detector: VideoFaceDetector, clip: Image.Image, people: list[FaceDetection]
) -> None:
    grey, expected = scaled_clip(clip, people[0], 80)
    width = grey.shape[1]
    mirror = np.ascontiguousarray(grey[:, ::-1])
    straight = detector.look(grey, expected.box)
    mirrored = detector.look(mirror, expected.mirrored(width).box, is_mirrored=True)
    assert straight is not None and mirrored is not None
    assert mirrored.score == pytest.approx(straight.score, abs=0.02)
    assert mirrored.mirrored(width).keypoints == pytest.approx(straight.keypoints, abs=0.6)


@pytest.mark.parametrize(
    "off",
    [(1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7)],
    ids=["right", "left", "down", "up", "both"],
)
def test_face_is_found_only_near_the_expected_place(
    detector: VideoFaceDetector,
    clip: Image.Image,
    people: list[FaceDetection],
    off: tuple[float, float],
) -> None:
    for person in people:
        grey, expected = scaled_clip(clip, person, 80)
        seen = detector.look(grey, expected.box)
        assert seen is not None
        for share, is_found in ((0.3, True), (0.5, False)):
            box = resized(seen.box, 1, (share * off[0], share * off[1]))
            assert (detector.look(grey, box) is not None) == is_found


def test_more_room_finds_a_face_that_has_moved(
    detector: VideoFaceDetector, clip: Image.Image, people: list[FaceDetection]
) -> None:
    grey, expected = scaled_clip(clip, people[0], 60)
    moved = resized(expected.box, 1, (0.5, 0))
    assert detector.look(grey, moved) is None
    found = detector.look(grey, moved, 3.2)
    assert found is not None and crop_offset_px(found, expected) < 8


@pytest.mark.parametrize(
    ("factor", "is_found"), [(0.44, False), (0.6, True), (1, True), (1.7, True), (2.4, False)]
)
def test_face_is_found_only_in_about_the_expected_size(
    detector: VideoFaceDetector,
    clip: Image.Image,
    people: list[FaceDetection],
    factor: float,
    is_found: bool,
) -> None:
    for person in people:
        grey, expected = scaled_clip(clip, person, 80)
        seen = detector.look(grey, expected.box)
        assert seen is not None
        assert (detector.look(grey, resized(seen.box, factor)) is not None) == is_found


@pytest.mark.parametrize(
    ("ratio", "is_found"), [(0.4, False), (0.58, True), (1.6, True), (2.2, False)]
)
def test_size_ratio_is_that_of_the_found_face(scripted: Any, ratio: float, is_found: bool) -> None:
    detector, _, look = scripted
    look.faces = [(0.9, LOOK_PX / ROOM * ratio)]
    found = detector.look(np.zeros((200, 200), np.uint8), (80, 80, 40, 40))
    assert (found is not None) == is_found
    if found is not None:
        assert found.box[2] == pytest.approx(40 * ratio)


def test_best_face_of_the_expected_place_and_size_is_taken(scripted: Any) -> None:
    detector, _, look = scripted
    look.faces = [(0.9, 10), (0.8, 60), (0.7, 58)]
    found = detector.look(np.zeros((200, 200), np.uint8), (80, 80, 40, 40))
    assert found is not None and found.score == 0.8


def test_level_of_detail_is_that_of_the_full_frame(
    detector: VideoFaceDetector, clip: Image.Image, people: list[FaceDetection]
) -> None:
    """A face of 3 % of the width, which is 6 px wide in the search's own picture."""
    grey, face = scaled_clip(clip, people[0], 58)
    frame = np.full((1080, 1920), 90, np.uint8)
    frame[500 : 500 + grey.shape[0], 900 : 900 + grey.shape[1]] = grey
    expected = face.shifted(900, 500)
    found = detector.look(frame, expected.box)
    assert found is not None and found.score > 0.8
    assert crop_offset_px(found, expected) <= 4


def test_face_partly_beyond_the_edge_is_found(
    detector: VideoFaceDetector, clip: Image.Image, people: list[FaceDetection]
) -> None:
    grey, face = scaled_clip(clip, people[0], 80)
    x, y, width, height = (round(number) for number in face.box)
    for left, top in ((x + width // 4, 0), (0, y + height // 5)):
        part = grey[top:, left:]
        expected = face.shifted(-left, -top)
        found = detector.look(part, expected.box)
        assert found is not None and found.score > 0.5
        assert min(found.box[:2]) < 0
    assert detector.look(grey, (-300, -300, 80, 80)) is None
    assert detector.look(grey, (5000, 5000, 80, 80)) is None


@pytest.mark.parametrize("thing", THINGS, ids=IDS)
@pytest.mark.parametrize("side_px", [30, 40, 60, 100, 200])
def test_thing_is_no_face_when_looked_at_twice(
    detector: VideoFaceDetector, thing: Image.Image, side_px: int
) -> None:
    photo = photo_of(thing, side_px)
    for share in (0.6, 0.7, 0.85, 1.0):
        box = resized((side_px, side_px, side_px, side_px), share)
        looks = [detector.look(photo, box, is_mirrored=mirrored) for mirrored in (False, True)]
        scores = [0.0 if look is None else look.score for look in looks]
        assert min(scores) < 0.7, (share, scores)


def test_unlikely_face_is_returned_with_its_score(detector: VideoFaceDetector) -> None:
    looks = [
        detector.look(photo, resized((60, 60, 60, 60), float(share), off), is_mirrored=is_mirrored)
        for photo in (photo_of(thing, 60) for thing in THINGS)
        for share in np.arange(0.4, 1.2, 0.08)
        for off in ((0, 0), (0.15, 0), (0.3, 0), (0, 0.15), (0, 0.3), (0, -0.2))
        for is_mirrored in (False, True)
    ]
    scores = [look.score for look in looks if look is not None]
    assert 0.2 <= min(scores) < 0.25
    assert len(scores) < len(looks)
