from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from smile_vision.errors import ImageError
from smile_vision.smiles.crop import TEMPLATE, crop_face

Draw = Callable[..., Image.Image]


def keypoints(eyes_and_mouth: np.ndarray) -> np.ndarray:
    points = np.zeros((6, 2), np.float32)
    points[[0, 1, 3]] = eyes_and_mouth
    return points


def assert_same(crop: np.ndarray, expected: np.ndarray) -> None:
    """Key points are float32, so a sample may be off by a hair and a grey level by one."""
    assert np.abs(crop.astype(int) - expected).max() <= 1


def test_crop_is_the_image_itself_when_the_face_already_lies_on_the_template() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (64, 64), dtype=np.uint8)
    assert_same(crop_face(grey, keypoints(TEMPLATE)), grey)


def test_crop_is_upright_when_the_face_lies_on_its_side() -> None:
    grey = np.random.default_rng(2).integers(0, 256, (64, 64), dtype=np.uint8)
    turned = np.rot90(grey)  # a quarter turn against the clock
    on_its_side = np.stack([TEMPLATE[:, 1], 64 - TEMPLATE[:, 0]], axis=1)
    assert_same(crop_face(np.ascontiguousarray(turned), keypoints(on_its_side)), grey)


@pytest.mark.parametrize("factor", [2, 3, 7])
def test_fine_texture_becomes_even_grey_when_the_face_is_large(factor: int) -> None:
    size = 64 * factor
    checks = (np.indices((size, size)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crop = crop_face(checks, keypoints(TEMPLATE * factor))
    assert np.abs(crop.astype(int) - 128).max() <= (2 if factor % 2 == 0 else 30)


def test_edge_is_repeated_when_the_face_reaches_beyond_the_image() -> None:
    grey = np.tile(np.arange(0, 200, 2, dtype=np.uint8), (100, 1))
    crop = crop_face(grey, keypoints(TEMPLATE - [30, 0]))
    assert_same(crop[:, :28], np.zeros((64, 28), np.uint8))
    assert_same(crop[:, 30:], grey[:64, :34])


def test_crop_is_the_same_when_grey_is_a_view_into_a_larger_plane(draw_photo: Draw) -> None:
    plane = np.asarray(draw_photo([(0, 0, 300, True)]).convert("L"))
    points = keypoints(np.array([[114, 138], [186, 138], [150, 210]]))
    assert (crop_face(plane[:, :320], points) == crop_face(plane, points)).all()


@pytest.mark.parametrize("points", [np.full((3, 2), 5.0), np.array([[0, 0], [np.nan, 0], [3, 3]])])
def test_error_is_clear_when_keypoints_make_no_face(points: np.ndarray) -> None:
    with pytest.raises(ImageError, match="keypoints: expected finite points"):
        crop_face(np.zeros((64, 64), np.uint8), keypoints(points))


def test_error_is_clear_when_the_image_is_not_grey() -> None:
    with pytest.raises(ImageError, match="grey: expected a uint8 array"):
        crop_face(np.zeros((64, 64, 3), np.uint8), keypoints(TEMPLATE))
