"""A crop is upright and framed like the training pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from smile_vision.errors import ImageError
from smile_vision.smiles.crop import crop_face
from tests.helpers.synthetic_photos import synthetic_photo

# Where the training pictures have the eyes and the mouth, px of the crop. Written here a second
# time on purpose: the model was trained and measured with exactly this framing.
FRAMING = np.array([[14.5, 14.5], [49.5, 14.5], [32.0, 53.8]])


def keypoints(eyes_and_mouth: np.ndarray) -> np.ndarray:
    points = np.zeros((6, 2), np.float32)
    points[[0, 1, 3]] = eyes_and_mouth
    return points


def picture_of_spots(places: np.ndarray, size: tuple[int, int], radius_px: float) -> np.ndarray:
    """Return a black picture with round white spots at `places`, (N, 2) in px."""
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    distance = np.min([np.hypot(x - px, y - py) for px, py in places], axis=0)
    return (255 * np.clip(radius_px + 0.5 - distance, 0, 1)).astype(np.uint8)


def centre_of_light(crop: np.ndarray, near: np.ndarray, within_px: int = 8) -> np.ndarray:
    """Return the centre of brightness of the part of a crop around `near`, px."""
    y, x = np.mgrid[: crop.shape[0], : crop.shape[1]] + 0.5
    weights = np.where(np.hypot(x - near[0], y - near[1]) <= within_px, crop, 0).astype(float)
    return np.array([(x * weights).sum(), (y * weights).sum()]) / weights.sum()


@pytest.mark.parametrize(("scale", "degrees"), [(1.0, 0), (4.0, 0), (2.5, 25), (3.0, -90)])
def test_eyes_and_mouth_of_a_face_lie_where_the_training_pictures_have_them(
    scale: float, degrees: float
) -> None:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    face = (FRAMING - 32) @ turn.T * scale + [190, 170]
    grey = picture_of_spots(face, (400, 360), 3 * scale)
    crop = crop_face(grey, keypoints(face))
    for place in FRAMING:
        assert centre_of_light(crop, place) == pytest.approx(place, abs=0.1)


def test_wide_face_is_not_squeezed_into_the_framing() -> None:
    """A turned head has its eyes closer together; its crop shows that."""
    turned = np.array([[164, 150], [196, 150], [180, 225]])  # eyes 32 px apart, mouth 75 px below
    crop = crop_face(picture_of_spots(turned, (360, 360), 4), keypoints(turned))
    left, right, mouth = (
        centre_of_light(crop, place, 6) for place in ([22.8, 14.5], [41.2, 14.5], [32, 56])
    )
    assert np.linalg.norm(right - left) / (mouth[1] - left[1]) == pytest.approx(32 / 75, rel=0.03)


def test_crop_is_the_image_itself_when_the_face_already_has_the_framing() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (64, 64), dtype=np.uint8)
    off = np.abs(crop_face(grey, keypoints(FRAMING)).astype(int) - grey)
    assert off.max() <= 1  # key points are float32


@pytest.mark.parametrize("factor", [2, 3, 7])
def test_fine_texture_becomes_even_grey_when_the_face_is_large(factor: int) -> None:
    size = 64 * factor
    checks = (np.indices((size, size)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crop = crop_face(checks, keypoints(FRAMING * factor))
    assert np.abs(crop.astype(int) - 128).max() <= (2 if factor % 2 == 0 else 30)


def test_crop_is_the_same_when_grey_is_a_view_into_a_larger_plane() -> None:
    plane = np.asarray(synthetic_photo([(0, 0, 300, True)]).convert("L"))
    points = keypoints(np.array([[114, 138], [186, 138], [150, 210]]))
    assert (crop_face(plane[:, :320], points) == crop_face(plane, points)).all()


@pytest.mark.parametrize(
    "points",
    [
        np.full((3, 2), 5.0),
        np.array([[0, 0], [np.nan, 0], [3, 3]]),
    ],
)
def test_error_is_clear_when_keypoints_are_not_a_face(points: np.ndarray) -> None:
    with pytest.raises(ImageError, match="keypoints: expected finite points in different places"):
        crop_face(np.zeros((64, 64), np.uint8), keypoints(points))


@pytest.mark.parametrize(
    "wrong", [np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64)), np.zeros((0, 64), np.uint8)]
)
def test_error_is_clear_when_the_image_is_not_grey(wrong: np.ndarray) -> None:
    with pytest.raises(ImageError, match="grey: expected a uint8 array of shape"):
        crop_face(wrong, keypoints(FRAMING))


def test_crop_of_a_photo_without_the_face_around_it_repeats_the_edge() -> None:
    ramp = Image.linear_gradient("L").rotate(90)  # 256 x 256, brighter towards the right or left
    grey = np.asarray(ramp)
    crop = crop_face(grey, keypoints(FRAMING - [30, 0]))
    assert (crop[:, :28] == grey[0, 0]).all()
    assert np.abs(crop[:, 31:].astype(int) - grey[:64, 1:34]).max() <= 1
