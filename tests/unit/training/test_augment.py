"""Variations look different, stay in range and repeat with the seed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from smile_vision.smiles.preprocess import preprocess
from training.model.augment import augment
from training.model.network import count_multiply_adds
from training.workspace import METRICS


@pytest.fixture
def crops() -> NDArray[np.uint8]:
    ramp = np.linspace(40, 210, 64)
    picture = (ramp[None, :] + ramp[:, None]) / 2
    return np.repeat(picture[None].astype(np.uint8), 50, axis=0)


def test_variations_repeat_when_the_seed_is_the_same(crops: NDArray[np.uint8]) -> None:
    once = augment(crops, np.random.default_rng((1, 4)))
    assert np.array_equal(once, augment(crops, np.random.default_rng((1, 4))))
    assert not np.array_equal(once, augment(crops, np.random.default_rng((1, 5))))


def test_variations_keep_shape_and_type_and_differ_when_drawn(crops: NDArray[np.uint8]) -> None:
    varied = augment(crops, np.random.default_rng(1))
    assert varied.shape == crops.shape
    assert varied.dtype == np.uint8
    assert len({picture.tobytes() for picture in varied}) == len(crops)


def test_originals_are_untouched_when_varied(crops: NDArray[np.uint8]) -> None:
    before = crops.copy()
    augment(crops, np.random.default_rng(1))
    assert np.array_equal(crops, before)


def test_picture_stays_recognisable_when_varied(crops: NDArray[np.uint8]) -> None:
    varied = augment(crops, np.random.default_rng(2)).astype(float)
    top, bottom = varied[:, 4:28].mean(axis=(1, 2)), varied[:, 36:60].mean(axis=(1, 2))
    assert float(np.mean(bottom > top)) > 0.95


def test_each_grey_level_keeps_its_own_int8_step_when_the_light_is_usual() -> None:
    levels = np.tile(np.arange(256, dtype=np.uint8), 16).reshape(1, 64, 64)
    scaled = preprocess(levels)
    assert scaled.shape == (1, 64, 64, 1)
    assert scaled.dtype == np.float32
    int8_input = (scaled[0, :4, :, 0] * 128).ravel()
    assert int8_input.tolist() == list(range(-128, 128))


def test_face_in_the_dark_comes_near_to_usual_light(crops: NDArray[np.uint8]) -> None:
    dark = np.rint(crops * 0.2).astype(np.uint8)
    levels = preprocess(dark) * 128 + 128
    assert np.array_equal(levels, np.rint(levels))
    assert float(dark.std()) < 10
    assert float(levels.std()) == pytest.approx(25, abs=1)
    assert float(levels.mean()) == pytest.approx(75, abs=1)


def test_noise_is_not_made_a_picture_when_a_crop_is_flat() -> None:
    flat = np.full((1, 64, 64), 90, np.uint8)
    assert np.ptp(preprocess(flat)) == 0
    flat[0, ::2] += 1
    assert np.ptp(preprocess(flat)) * 128 < 8


@pytest.mark.parametrize(
    "crops", [np.zeros((1, 64, 64), np.float32), np.zeros((64, 64), np.uint8),
              np.zeros((1, 48, 48), np.uint8)],
)  # fmt: skip
def test_crops_are_refused_when_their_shape_or_type_is_another(crops: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="crops: expected uint8"):
        preprocess(crops)


def test_recipe_is_that_of_the_shipped_network() -> None:
    assert json.loads(METRICS.read_text())["model"]["multiply_adds"] == count_multiply_adds()
