"""Crops in bad light are brought into the range of the training pictures."""

from __future__ import annotations

import numpy as np
import pytest

from smile_vision.smiles.preprocess import normalize_lighting, preprocess


def crop_with(mean: float, contrast: float) -> np.ndarray:
    """Return a crop whose pixels are `contrast` above or below `mean`; (1, 64, 64)."""
    crop = np.full((64, 64), mean - contrast, np.uint8)
    crop[:, ::2] = mean + contrast
    return crop[None]


@pytest.mark.parametrize(
    ("mean", "contrast"), [(130, 50), (76, 26), (184, 26), (120, 79), (130, 26)]
)
def test_crop_in_usual_light_is_unchanged(mean: int, contrast: int) -> None:
    crop = crop_with(mean, contrast)
    assert normalize_lighting(crop) is crop


@pytest.mark.parametrize(
    ("mean", "contrast", "new_mean", "new_contrast"),
    [
        (40, 30, 75, 30),  # too dark
        (210, 30, 185, 30),  # too bright
        (130, 10, 130, 25),  # too flat
        (130, 100, 130, 80),  # too harsh
        (40, 10, 75, 25),  # dark and flat
        (130, 6, 130, 25),
        (130, 3, 130, 12.5),  # nearly even: the gain is limited, so that noise stays small
    ],
)
def test_crop_in_bad_light_is_brought_to_the_nearer_limit(
    mean: int, contrast: int, new_mean: float, new_contrast: float
) -> None:
    corrected = normalize_lighting(crop_with(mean, contrast)).astype(float)
    assert corrected.mean() == pytest.approx(new_mean, abs=0.6)
    assert corrected.std() == pytest.approx(new_contrast, abs=0.6)


def test_bright_parts_become_white_and_not_black_when_the_contrast_grows() -> None:
    crop = np.full((1, 64, 64), 80, np.uint8)
    crop[0, :3, :3] = 255
    corrected = normalize_lighting(crop)
    assert corrected[0, 0, 0] == 255
    assert (corrected[0, 3:, 3:] < 80).all()


def test_each_crop_is_corrected_by_itself() -> None:
    usual, dark = crop_with(130, 50), crop_with(40, 30)
    both = normalize_lighting(np.concatenate([usual, dark]))
    assert (both[:1] == usual).all()
    assert (both[1:] == normalize_lighting(dark)).all()


def test_even_crop_stays_even() -> None:
    assert np.ptp(normalize_lighting(np.full((1, 64, 64), 3, np.uint8))) == 0


def test_network_input_is_minus_1_for_black_and_0_for_middle_grey() -> None:
    crop = np.repeat(np.array([64, 128, 192, 160], np.uint8), 1024).reshape(1, 64, 64)
    values = preprocess(crop)
    assert values.dtype == np.float32
    assert values.shape == (1, 64, 64, 1)
    assert np.unique(values).tolist() == [-0.5, 0, 0.25, 0.5]


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((64, 64), np.uint8), np.zeros((1, 64, 64)), np.zeros((1, 32, 64), np.uint8)],
)
def test_error_is_clear_when_crops_have_another_shape_or_type(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"crops: expected uint8 \(N, 64, 64\), got"):
        preprocess(wrong)
