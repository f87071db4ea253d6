"""A candidate is shown upright and in a fixed size, and the networks vote on it."""

from __future__ import annotations

import numpy as np
import pytest

from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.verification import (
    FILL,
    VIEW_PX,
    central_face,
    load_networks,
    mean_of_networks,
    upright_view,
    verify,
    verify_quickly,
)
from tests.helpers.synthetic_photos import difficult_photo


def face_at(
    x: float,
    y: float,
    side: float,
    score: float = 0.9,
    *,
    degrees: float = 0.0,
    mouth: float = 0.437,
) -> FaceDetection:
    """Return a square face around (x, y).

    Its image-left eye is in the middle. Its eyes are tilted by `degrees`, clockwise. Its mouth is
    `mouth` of the side below the middle of the eyes.
    """
    keypoints = np.full((6, 2), (x, y), np.float32)
    angle = np.radians(degrees)
    right, down = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * side
    keypoints[1] += right / 2
    keypoints[3] += right / 4 + down * mouth
    return FaceDetection((x - side / 2, y - side / 2, side, side), score, keypoints)


class Network:
    """A detector that finds the given faces in every view."""

    def __init__(self, *faces: FaceDetection, input_px: int = VIEW_PX) -> None:
        self.faces = list(faces)
        self.input_px = input_px
        self.views = 0

    def detect(self, rgb: np.ndarray) -> list[FaceDetection]:
        assert rgb.shape == (self.input_px, self.input_px, 3)
        self.views += 1
        return self.faces


def networks_with(scores: dict[str, float], mouth: float = 0.437) -> dict[str, Network]:
    """Return networks that see a face of the expected size in the middle; score 0: nothing."""
    return {
        kind: Network(face_at(128, 128, VIEW_PX * fill, scores[kind], mouth=mouth))
        if scores[kind]
        else Network()
        for kind, fill in FILL.items()
    }


PHOTO = np.zeros((300, 400, 3), np.uint8)
CANDIDATE = face_at(200, 150, 80, 0.8)


@pytest.mark.parametrize("degrees", [0, 30, 90, 180, -45])
@pytest.mark.parametrize("fill", [0.5, 0.33])
def test_view_shows_the_face_upright_in_its_middle(degrees: float, fill: float) -> None:
    view = upright_view(face_at(200, 150, 80, degrees=degrees), fill)
    assert view.apply(np.array([128.0, 128.0])).tolist() == pytest.approx([200, 150])
    angle = np.radians(degrees)  # half a face to the right in the view: along the eyes
    right = view.apply(np.array([128 + VIEW_PX * fill / 2, 128.0]))
    assert right.tolist() == pytest.approx([200 + 40 * np.cos(angle), 150 + 40 * np.sin(angle)])


def test_view_is_level_when_both_eyes_are_in_one_place() -> None:
    face = FaceDetection((160, 110, 80, 60), 0.9, np.zeros((6, 2), np.float32))
    view = upright_view(face, 0.5)
    assert view.b == pytest.approx(0)
    assert view.scale == pytest.approx(80 / 128)  # the longer side counts


@pytest.mark.parametrize(
    ("x", "y", "side", "accepted"),
    [
        (128, 128, 100, True),
        (128 + 33, 128, 100, True),
        (128, 128 - 33, 100, True),
        (128 + 46, 128, 100, False),
        (128 + 30, 128 + 30, 100, False),  # 42 px away
        (128, 128, 60, True),
        (128, 128, 40, False),
        (128, 128, 160, True),
        (128, 128, 200, False),
    ],
)
def test_only_a_face_of_about_the_expected_place_and_size_counts(
    x: float, y: float, side: float, accepted: bool
) -> None:
    face = face_at(x, y, side)
    assert central_face([face], expected_px=100) is (face if accepted else None)


def test_neighbour_in_the_view_does_not_count_even_when_its_score_is_higher() -> None:
    neighbour, central = face_at(230, 128, 100, 0.95), face_at(120, 130, 100, 0.5)
    assert central_face([neighbour, central], expected_px=100) is central


@pytest.mark.parametrize(
    ("search", "scores", "mean"),
    [
        (0.9, {"short": 0.9, "full": 0.9, "back": 0.9}, 0.9),
        (0.95, {"short": 0.9, "full": 0.0, "back": 0.95}, 0.6167),  # 2.8 of 4
        (0.9, {"short": 0.0, "full": 0.9, "back": 0.9}, None),  # 2.7
        (0.8, {"short": 0.66, "full": 0.66, "back": 0.66}, 0.66),  # 2.78
        (0.74, {"short": 0.66, "full": 0.66, "back": 0.66}, None),  # 2.72
        (0.4, {"short": 0.8, "full": 0.8, "back": 0.8}, 0.8),  # 2.8
    ],
)
def test_face_counts_when_search_and_networks_agree(
    search: float, scores: dict[str, float], mean: float | None
) -> None:
    face = verify(networks_with(scores), PHOTO, face_at(200, 150, 80, search))
    assert (face and face.score) == (mean and pytest.approx(mean, abs=1e-4))


@pytest.mark.parametrize(
    ("scores", "minimum", "mean"),
    [
        ({"short": 0.9, "full": 0.3, "back": 0.0}, 0.0, 0.4),
        ({"short": 0.9, "full": 0.3, "back": 0.0}, 0.39, 0.4),
        ({"short": 0.9, "full": 0.3, "back": 0.0}, 0.41, None),
        ({"short": 0.0, "full": 0.0, "back": 0.0}, 0.0, None),
    ],
)
def test_mean_of_the_networks_does_not_depend_on_the_vote_of_the_search(
    scores: dict[str, float], minimum: float, mean: float | None
) -> None:
    for search in (0.01, 1.0):
        candidate = face_at(200, 150, 80, search)
        face = mean_of_networks(networks_with(scores), PHOTO, candidate, min_score=minimum)
        assert (face and face.score) == (mean and pytest.approx(mean))


def test_networks_stop_when_the_minimum_is_out_of_reach() -> None:
    networks = networks_with({"short": 0.2, "full": 0.9, "back": 0.9})
    assert mean_of_networks(networks, PHOTO, CANDIDATE, min_score=0.75) is None
    assert [network.views for network in networks.values()] == [1, 0, 0]


def test_networks_that_vote_report_faint_faces() -> None:
    networks = load_networks()
    assert set(networks) == set(FILL)
    view = difficult_photo(150, blur_px=9, paleness=0.6, size=(256, 256))
    scores = [face.score for network in networks.values() for face in network.detect(view)]
    assert 0 < min(scores) < 0.3


@pytest.mark.parametrize(
    ("mouth", "score", "is_face"),
    [
        (0.437, 0.71, True),
        (0.6, 0.71, True),  # too far from the eyes is allowed
        (0.42, 0.71, False),  # less 0.043
        (0.42, 0.75, True),
        (0.35, 0.88, False),  # less 0.218
        (0.35, 0.93, True),
    ],
)
def test_face_needs_a_higher_score_when_its_mouth_is_near_its_eyes(
    mouth: float, score: float, is_face: bool
) -> None:
    networks = networks_with(dict.fromkeys(FILL, score), mouth)
    face = verify(networks, PHOTO, face_at(200, 150, 80, score, degrees=25))
    assert (face is not None) is is_face


@pytest.mark.parametrize(
    ("search", "score", "mouth", "certain"),
    [
        (0.74, 0.9, 0.437, True),
        (0.9, 0.74, 0.437, True),
        (0.74, 0.84, 0.437, False),
        (0.9, 0.9, 0.41, True),  # less 0.068
        (0.9, 0.9, 0.39, False),  # less 0.118
        (0.95, 0.0, 0.437, False),
    ],
)
def test_face_is_certain_when_search_and_fastest_network_are(
    search: float, score: float, mouth: float, certain: bool
) -> None:
    faces = [face_at(64, 64, 64, score, mouth=mouth)] if score else []
    network = Network(*faces, input_px=128)
    face = verify_quickly(network, PHOTO, face_at(200, 150, 80, search, degrees=25))
    assert (face is not None) is certain
    if face is not None:
        assert face.score == score
        assert face.box == pytest.approx((160, 110, 80, 80), abs=1e-3)


def test_remaining_networks_are_skipped_when_they_cannot_change_the_result() -> None:
    networks = networks_with({"short": 0.5, "full": 0.4, "back": 1.0})
    assert verify(networks, PHOTO, CANDIDATE) is None
    assert [networks[kind].views for kind in FILL] == [1, 1, 0]


def test_position_is_the_mean_of_the_networks_weighted_by_score() -> None:
    networks = networks_with({"short": 0.84, "full": 0.63, "back": 0.63})
    # "short" sees the candidate, 80 px, 128 px wide: 8 px of its view are 5 px of the photo.
    shifted = face_at(136, 128, 128, 0.84)
    networks["short"] = Network(shifted)
    face = verify(networks, PHOTO, CANDIDATE)
    assert face is not None
    assert face.box == pytest.approx((160 + 5 * 0.4, 110, 80, 80), abs=1e-3)
    assert face.keypoints[0].tolist() == pytest.approx([200 + 5 * 0.4, 150], abs=1e-3)


def test_box_is_level_and_keeps_its_size_when_the_face_is_tilted() -> None:
    networks = networks_with({"short": 0.9, "full": 0.9, "back": 0.9})
    face = verify(networks, PHOTO, face_at(200, 150, 80, degrees=60))
    assert face is not None
    assert face.box == pytest.approx((160, 110, 80, 80), abs=1e-3)
