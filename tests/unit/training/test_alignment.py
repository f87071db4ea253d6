"""Small pictures of faces are framed like the faces of photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.verification import load_networks, upright_view
from tests.helpers.ferplus import small_face
from training.data import alignment, chunks
from training.data.alignment import align_face, align_faces


def test_only_pictures_with_a_certain_face_have_a_crop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "FOUND_FACES", tmp_path)
    noise = np.random.default_rng(1).integers(0, 256, (48, 48), dtype=np.uint8)
    pictures = np.stack([np.asarray(small_face(0)), noise])
    face, nothing = align_faces(pictures, "faces")
    assert nothing is None
    assert face is not None
    assert (face.shape, face.dtype) == ((64, 64), np.uint8)
    crop, score = align_face(load_networks(), pictures[0])
    assert np.array_equal(crop, face)
    for minimum, found in ((score - 0.01, True), (score + 0.01, False)):
        monkeypatch.setattr(alignment, "MIN_SCORE", minimum)
        assert (align_faces(pictures[:1], "faces")[0] is not None) == found


def test_face_whose_mean_score_is_low_is_not_certain() -> None:
    assert alignment.MIN_SCORE == 0.4  # measured


class Finds:
    """A network that finds one face in the middle, with the given key points."""

    def __init__(self, *faces: FaceDetection) -> None:
        self.faces = list(faces)

    def detect(self, rgb: np.ndarray) -> list[FaceDetection]:
        return self.faces


@pytest.fixture
def points_of_the_crop(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    cut: list[np.ndarray] = []

    def crop_face(grey: np.ndarray, points: np.ndarray) -> np.ndarray:
        cut.append(points.copy())
        return np.zeros((64, 64), np.uint8)

    monkeypatch.setattr(alignment, "crop_face", crop_face)
    return cut


def test_key_points_are_moved_apart(
    monkeypatch: pytest.MonkeyPatch, points_of_the_crop: list[np.ndarray]
) -> None:
    points = np.zeros((6, 2), np.float32)
    points[0], points[1], points[3] = (200, 220), (280, 230), (235, 290)
    face = FaceDetection((120, 120, 240, 240), 0.9, points)
    monkeypatch.setattr(alignment, "mean_of_networks", lambda *_: face)
    align_face({}, np.zeros((48, 48), np.uint8))
    (moved,) = points_of_the_crop
    across, down = np.array([80, 10]), np.array([-10, 80])
    assert moved[0] == pytest.approx(points[0] - 0.012 * across, abs=1e-3)
    assert moved[1] == pytest.approx(points[1] + 0.012 * across, abs=1e-3)
    assert moved[3] == pytest.approx(points[3] + 0.055 * down, abs=1e-3)


def test_score_is_the_mean_of_the_networks_and_nothing_found_is_black() -> None:
    networks = {kind: Finds() for kind in ("short", "full", "back")}
    picture = np.full((48, 48), 90, np.uint8)
    crop, score = align_face(networks, picture)  # type: ignore[arg-type]
    assert (score, crop.max()) == (0, 0)
    points = np.tile(np.array([[128, 128]], np.float32), (6, 1))
    points[1] += (30, 0)
    points[3] += (15, 40)
    networks["short"] = Finds(FaceDetection((64, 64, 128, 128), 0.9, points))
    crop, score = align_face(networks, picture)  # type: ignore[arg-type]
    assert score == pytest.approx(0.3)
    assert crop.max() == 90


def test_networks_search_the_whole_enlarged_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[tuple[np.ndarray, FaceDetection]] = []
    monkeypatch.setattr(
        alignment, "mean_of_networks", lambda _, rgb, candidate: searched.append((rgb, candidate))
    )
    align_face({}, np.asarray(small_face(0)))
    ((rgb, candidate),) = searched
    enlarged = np.asarray(small_face(0).resize((240, 240), Image.Resampling.BICUBIC))
    for channel in np.moveaxis(rgb, 2, 0):
        assert np.array_equal(channel[120:360, 120:360], enlarged)
        assert np.array_equal(channel[:120], np.tile(channel[120], (120, 1)))
        assert np.array_equal(channel[:, 360:], np.tile(channel[:, 359:360], (1, 120)))
    assert candidate.box == (120, 120, 240, 240)
    view = upright_view(candidate, 0.5)
    assert view.apply(np.array([128.0, 128.0])).tolist() == pytest.approx([240, 240])
    assert view.b == pytest.approx(0)  # the face is upright
    assert view.a > 0
