"""Photos with more than 8 bits per channel, or with floats, keep their brightness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smile_vision.photos.photo import load_photo


@pytest.mark.parametrize("factor", [257, 16, 1])
def test_grey_is_the_same_when_it_uses_8_to_16_bits(factor: int, tmp_path: Path) -> None:
    eight = np.tile(np.arange(256, dtype=np.uint16), (8, 1))
    Image.fromarray(eight * np.uint16(factor)).save(tmp_path / "deep.png")
    photo = np.asarray(load_photo(tmp_path / "deep.png"))
    assert np.abs(photo[..., 0].astype(int) - eight).max() <= 1


@pytest.mark.parametrize("odd", [1.05, np.inf, np.nan])
def test_one_odd_pixel_does_not_change_a_photo_of_floats(tmp_path: Path, odd: float) -> None:
    values = np.tile(np.linspace(0, 0.9, 64, dtype=np.float32), (64, 1))
    values[0, 0] = odd
    Image.fromarray(values).save(tmp_path / "float.tif")
    grey = np.asarray(load_photo(tmp_path / "float.tif").convert("L"))
    assert grey[32, 63] == pytest.approx(230, abs=2)


def test_one_hot_pixel_does_not_change_a_deep_photo(tmp_path: Path) -> None:
    values = np.tile(np.linspace(0, 4095, 64).astype(np.uint16), (64, 1))  # 12 bits
    values[0, 0] = 65535
    Image.fromarray(values).save(tmp_path / "deep.png")
    grey = np.asarray(load_photo(tmp_path / "deep.png").convert("L"))
    assert grey[32, 63] == 255
    assert grey[0, 0] == 255  # the hot pixel


def test_bright_part_of_a_deep_photo_is_white_and_its_dark_part_stays_dark(tmp_path: Path) -> None:
    values = np.full((64, 64), 200, np.uint16)
    values[:2] = 4000  # 3 % of a 12-bit photo
    Image.fromarray(values).save(tmp_path / "deep.png")
    grey = np.asarray(load_photo(tmp_path / "deep.png").convert("L"))
    assert (grey[0, 0], grey[32, 32]) == (250, 12)


@pytest.mark.parametrize(
    ("peak", "grey"),
    [(1.8, 128), (2.5, 0)],  # 0 to 1 with overshoot; or already in grey levels
)
def test_range_of_a_photo_of_floats_is_recognized_by_its_peak(
    peak: float, grey: int, tmp_path: Path
) -> None:
    values = np.full((64, 64), 0.5, np.float32)
    values[:2] = peak
    Image.fromarray(values).save(tmp_path / "float.tif")
    read = np.asarray(load_photo(tmp_path / "float.tif").convert("L"))
    assert read[32, 32].item() == grey
    assert read[0, 0].item() == (255 if grey else 2)


def test_negative_values_are_black(tmp_path: Path) -> None:
    values = np.full((64, 64), 0.5, np.float32)
    values[:2] = -0.5
    Image.fromarray(values).save(tmp_path / "float.tif")
    read = np.asarray(load_photo(tmp_path / "float.tif").convert("L"))
    assert (read[0, 0], read[32, 32]) == (0, 128)
