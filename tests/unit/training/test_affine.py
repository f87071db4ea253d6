"""A crop is rotated, scaled and shifted in the stated direction."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.data.affine import move


def _dot(row: int, column: int) -> NDArray[np.uint8]:
    crop = np.zeros((64, 64), np.uint8)
    crop[row - 1 : row + 2, column - 1 : column + 2] = 255
    return crop


def _centre(crop: NDArray[np.uint8]) -> tuple[float, float]:
    rows, columns = np.mgrid[:64, :64]
    total = crop.sum(dtype=float)
    return float((rows * crop).sum() / total), float((columns * crop).sum() / total)


def test_crop_is_unchanged_when_nothing_is_asked_for() -> None:
    crop = np.random.default_rng(1).integers(0, 256, (64, 64), dtype=np.uint8)
    assert np.array_equal(move(crop), crop)


def test_face_moves_right_and_down_when_shifted() -> None:
    assert _centre(move(_dot(31, 41), shift=(5.0, -10.0))) == (21.0, 46.0)


CENTRE = 31  # the pixel that stays in place


@pytest.mark.parametrize("angle_deg", [0, 30, -45])
@pytest.mark.parametrize("scale", [0.8, 1.0, 1.5])
def test_face_is_scaled_and_turned_clockwise_about_the_centre(
    angle_deg: float, scale: float
) -> None:
    row, column = _centre(move(_dot(27, 46), angle_deg=angle_deg, scale=scale))
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    right, down = 46 - CENTRE, 27 - CENTRE
    assert column - CENTRE == pytest.approx(scale * (cos * right - sin * down), abs=0.15)
    assert row - CENTRE == pytest.approx(scale * (sin * right + cos * down), abs=0.15)


def test_edge_is_repeated_where_the_crop_has_no_pixels() -> None:
    crop = np.full((64, 64), 77, np.uint8)
    assert (move(crop, angle_deg=45, scale=0.9, shift=(8.0, 8.0)) == 77).all()
    assert (move(crop, shift=(20.0, 0.0), border_px=4) == 0).any()
