"""A rotated, scaled square of an image, compared with a direct computation."""

from __future__ import annotations

import numpy as np
import pytest

from smile_vision.faces.sampling import Similarity, fit_similarity, sample_square


def bilinear(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the image at points in px; beyond it, the nearest pixel."""
    height, width = image.shape[:2]
    left, top = np.floor(x - 0.5).astype(int), np.floor(y - 0.5).astype(int)
    across, down = x - 0.5 - left, y - 0.5 - top

    def at(row: np.ndarray, column: np.ndarray) -> np.ndarray:
        return image[row.clip(0, height - 1), column.clip(0, width - 1)].astype(float)

    above = at(top, left) * (1 - across) + at(top, left + 1) * across
    below = at(top + 1, left) * (1 - across) + at(top + 1, left + 1) * across
    return above * (1 - down) + below * down


VIEWS = {
    "inside": Similarity(1, 0, 10, 5),
    "between pixels": Similarity(1, 0, 10.25, 5.75),
    "enlarged": Similarity(0.5, 0, 20, 20),
    "rotated": Similarity(0.9, 0.6, 40, 8),
    "upside down": Similarity(-1, 0, 70, 60),
    "rotated the other way": Similarity(0.3, -0.8, 8, 60),
    "beyond every edge": Similarity(1.5, 0.2, -12, -14),
    "beside the image": Similarity(1, 0, 200, -300),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
def test_square_shows_the_image_at_the_places_of_the_view(view: Similarity) -> None:
    y, x = np.mgrid[:64, :80]
    image = (128 + 60 * np.sin(x / 7) + 60 * np.cos(y / 9)).astype(np.uint8)
    side = 32
    v, u = np.mgrid[:side, :side] + 0.5
    points = view.apply(np.stack([u, v], axis=-1))
    expected = bilinear(image, points[..., 0], points[..., 1])
    off = np.abs(sample_square(image, view, side).astype(float) - expected)
    assert off.max() <= 1.5


def test_colours_stay_in_their_channels() -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    image[..., 0], image[..., 2] = 200, 40
    square = sample_square(image, Similarity(0.5, 0.5, 10, 2), 8)
    assert square.shape == (8, 8, 3)
    assert (square == [200, 0, 40]).all()


@pytest.mark.parametrize("scale", [2, 2.9, 5])
def test_smooth_image_keeps_its_place_when_it_is_reduced(scale: float) -> None:
    y, x = np.mgrid[:300, :400]
    image = (0.4 * x + 0.2 * y).astype(np.uint8)
    view = Similarity(scale, 0, 30, 20)
    square = sample_square(image, view, 32).astype(float)
    v, u = np.mgrid[:32, :32] + 0.5
    points = view.apply(np.stack([u, v], axis=-1))
    assert np.abs(square - (0.4 * points[..., 0] + 0.2 * points[..., 1])).max() < 2


def test_points_are_mapped_by_rotation_scale_and_shift() -> None:
    view = Similarity(0, 2, 5, 7)  # a quarter turn, twice as large
    assert view.scale == 2
    assert view.apply(np.array([[1.0, 0], [0, 1]])).tolist() == [[5, 9], [3, 7]]


def test_fit_is_the_least_squares_solution_when_points_do_not_match() -> None:
    square = np.array([[0.0, 0], [2, 0], [1, 3]])
    image = np.array([[1.0, 1], [5, 1], [3, 4]])  # twice as wide, but not as high
    fitted = fit_similarity(square, image)
    error = np.square(fitted.apply(square) - image).sum()
    for step in np.eye(4) * 1e-2:
        for sign in (-1, 1):
            other = Similarity(*(np.array(fitted) + sign * step))
            assert np.square(other.apply(square) - image).sum() > error
