"""Each corruption does what its name says, at its stated strength."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from training.evaluation.corruptions import UNCORRUPTED, Corruption, corruptions
from training.evaluation.synthetic_faces import synthetic_faces

Crop = NDArray[np.uint8]
ALL = {f"{corruption.kind}: {corruption.setting}": corruption for corruption in corruptions()}


@pytest.fixture
def crop() -> Crop:
    return np.random.default_rng(3).integers(0, 256, (64, 64), dtype=np.uint8)


def _apply(corruption: Corruption, crop: Crop, seed: int = 0) -> Crop:
    return corruption.apply(crop, np.random.default_rng(seed))


@pytest.mark.parametrize("corruption", list(ALL.values())[1:], ids=list(ALL)[1:])
def test_corrupted_crop_differs_and_keeps_shape_and_type(
    corruption: Corruption, crop: Crop
) -> None:
    before = crop.copy()
    corrupted = _apply(corruption, crop)
    assert corrupted.shape == crop.shape
    assert corrupted.dtype == np.uint8
    assert not np.array_equal(corrupted, crop)
    assert np.array_equal(crop, before)


def test_first_row_is_the_crop_without_corruption(crop: Crop) -> None:
    first = next(iter(ALL.values()))
    assert first.kind == UNCORRUPTED == "none"
    assert first.required
    assert np.array_equal(_apply(first, crop), crop)


def test_names_are_unique_and_of_each_kind_the_mild_ones_are_required() -> None:
    assert len(ALL) == len(list(corruptions())) == 41
    required = [name for name, corruption in ALL.items() if corruption.required]
    assert required == REQUIRED


def _dot() -> Crop:
    crop = np.zeros((64, 64), np.uint8)
    crop[30:33, 46:49] = 255
    return crop


def _centre(crop: Crop) -> NDArray[np.float64]:
    spots = np.argwhere(crop > 0)
    return np.average(spots, axis=0, weights=crop[crop > 0]) - 31.5


@pytest.mark.parametrize("radius", [0.7, 1.0, 1.5, 2.0, 3.0])
def test_blur_has_the_stated_radius(radius: float) -> None:
    line = np.zeros((64, 64), np.uint8)
    line[:, 31] = 255
    blurred = _apply(ALL[f"blur: Gaussian, {radius} px of 64"], line)[20].astype(float)
    variance = (blurred * (np.arange(64) - 31) ** 2).sum() / blurred.sum()
    assert np.sqrt(variance) == pytest.approx(radius, abs=0.12)


@pytest.mark.parametrize(
    ("setting", "factor", "noise"),
    [
        ("50% of normal, with noise", 0.5, 4.0),
        ("25% of normal, with noise", 0.25, 4.0),
        ("12% of normal, with noise", 0.12, 4.0),
        ("6% of normal, with noise", 0.06, 4.0),
        ("150% of normal", 1.5, 0.0),
    ],
)
def test_light_is_scaled_and_noisy_when_low(setting: str, factor: float, noise: float) -> None:
    dimmed = _apply(ALL[f"light: {setting}"], np.full((64, 64), 150, np.uint8)).astype(float)
    assert dimmed.mean() == pytest.approx(150 * factor, abs=0.5)
    assert dimmed.std() == pytest.approx(noise, abs=0.3)
    black = _apply(ALL[f"light: {setting}"], np.full((64, 64), 0, np.uint8))
    assert black.min() == 0
    assert black.max() < 40
    if factor > 1:
        assert (_apply(ALL[f"light: {setting}"], np.full((64, 64), 240, np.uint8)) == 255).all()


@pytest.mark.parametrize("quality", [50, 30, 15, 5])
def test_compression_has_the_stated_quality(quality: int) -> None:
    face = synthetic_faces()[7]
    file = io.BytesIO()
    Image.fromarray(face).save(file, "JPEG", quality=quality)
    assert np.array_equal(
        _apply(ALL[f"JPEG: quality {quality}"], face), np.asarray(Image.open(file))
    )


@pytest.mark.parametrize("side", [48, 32, 24, 16, 12, 8])
def test_detail_is_lost_when_the_resolution_is_low(side: int) -> None:
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 200
    shrunk = _apply(ALL[f"resolution: crop of {side} px"], stripes)
    small = Image.fromarray(stripes).resize((side, side), Image.Resampling.BOX)
    assert np.array_equal(shrunk, np.asarray(small.resize((64, 64), Image.Resampling.BILINEAR)))
    assert shrunk.std() < stripes.std()


@pytest.mark.parametrize("angle", [5, 10, 15, 20, 30, 45])
def test_face_is_rolled_in_both_directions(angle: int) -> None:
    angles = []
    for seed in range(20):
        row, column = _centre(_apply(ALL[f"roll: {angle}°"], _dot(), seed))
        angles.append(np.degrees(np.arctan2(row, column)))
    assert min(angles) == pytest.approx(-angle, abs=3)
    assert max(angles) == pytest.approx(angle, abs=3)


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("eyes (sunglasses)", (6, 26), (0, 64)),
        ("left quarter", (0, 64), (0, 16)),
        ("nose", (26, 42), (22, 42)),
        ("chin", (52, 64), (0, 64)),
        ("half of the mouth", (40, 64), (32, 64)),
        ("mouth", (40, 64), (0, 64)),
    ],
)
def test_part_of_the_face_is_covered_by_one_random_grey_level(
    name: str, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    levels = []
    for seed in range(400):
        flat = np.full((64, 64), 128, np.uint8)
        covered = _apply(ALL[f"covered: {name}"], flat, seed)
        patch = covered[slice(*rows), slice(*columns)]
        assert np.ptp(patch) == 0
        levels.append(int(patch[0, 0]))
        outside = covered.copy()
        outside[slice(*rows), slice(*columns)] = 128
        assert (outside == 128).all()
    assert min(levels) < 5
    assert max(levels) > 250
    assert np.mean(levels) == pytest.approx(127.5, abs=12)


@pytest.mark.parametrize("shift", [2, 4, 6, 8])
def test_face_is_shifted_by_the_stated_distance_in_any_direction(shift: int) -> None:
    moved = np.array(
        [
            _centre(_apply(ALL[f"detector error: {shift} px off"], _dot(), seed))
            for seed in range(150)
        ]
    ) - _centre(_dot())
    assert np.hypot(*moved.T) == pytest.approx(shift, abs=0.8)
    mean_direction = (moved / np.hypot(*moved.T)[:, np.newaxis]).mean(axis=0)
    assert np.abs(mean_direction).max() < 0.15
    sectors = np.floor(np.arctan2(*moved.T) / (np.pi / 4)).astype(int) % 8
    assert np.bincount(sectors, minlength=8).min() > 5
    assert np.bincount(sectors).max() < 2 * 150 / 8


@pytest.mark.parametrize("scale", [0.8, 0.9, 1.1, 1.25])
def test_face_is_scaled_by_the_stated_factor(scale: float) -> None:
    _, column = _centre(_apply(ALL[f"detector error: face scaled by {scale:.2f}"], _dot()))
    assert column / _centre(_dot())[1] == pytest.approx(scale, abs=0.04)


REQUIRED = [
    "none: -",
    "blur: Gaussian, 0.7 px of 64",
    "blur: Gaussian, 1.0 px of 64",
    "blur: Gaussian, 1.5 px of 64",
    "light: 50% of normal, with noise",
    "light: 25% of normal, with noise",
    "light: 150% of normal",
    "JPEG: quality 50",
    "JPEG: quality 30",
    "JPEG: quality 15",
    "resolution: crop of 48 px",
    "resolution: crop of 32 px",
    "resolution: crop of 24 px",
    "resolution: crop of 16 px",
    "roll: 5°",
    "roll: 10°",
    "roll: 15°",
    "roll: 20°",
    "covered: eyes (sunglasses)",
    "covered: left quarter",
    "covered: nose",
    "detector error: 2 px off",
    "detector error: 4 px off",
    "detector error: face scaled by 0.80",
    "detector error: face scaled by 0.90",
    "detector error: face scaled by 1.10",
    "detector error: face scaled by 1.25",
]
