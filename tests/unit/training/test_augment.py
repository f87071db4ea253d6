"""Augmented crops stay recognisable, repeat with the seed, and vary as much as documented."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from smile_vision.smiles.preprocess import preprocess
from training.evaluation.synthetic_faces import synthetic_faces
from training.model import augment as module
from training.model.augment import augment
from training.model.network import count_multiply_adds
from training.workspace import METRICS

Crops = NDArray[np.uint8]
Only = Callable[..., Callable[[Crops], Crops]]


@pytest.fixture
def crops() -> Crops:
    ramp = np.linspace(40, 210, 64)
    picture = (ramp[None, :] + ramp[:, None]) / 2
    return np.repeat(picture[None].astype(np.uint8), 50, axis=0)


def test_variations_repeat_when_the_seed_is_the_same(crops: Crops) -> None:
    once = augment(crops, np.random.default_rng((1, 4)))
    assert np.array_equal(once, augment(crops, np.random.default_rng((1, 4))))
    assert not np.array_equal(once, augment(crops, np.random.default_rng((1, 5))))


def test_variations_keep_shape_and_type_and_all_differ(crops: Crops) -> None:
    varied = augment(crops, np.random.default_rng(1))
    assert varied.shape == crops.shape
    assert varied.dtype == np.uint8
    assert len({picture.tobytes() for picture in varied}) == len(crops)


def test_originals_are_unchanged_after_augmentation(crops: Crops) -> None:
    before = crops.copy()
    augment(crops, np.random.default_rng(1))
    assert np.array_equal(crops, before)


def test_picture_stays_recognisable_after_augmentation(crops: Crops) -> None:
    varied = augment(crops, np.random.default_rng(2)).astype(float)
    top, bottom = varied[:, 4:28].mean(axis=(1, 2)), varied[:, 36:60].mean(axis=(1, 2))
    assert float(np.mean(bottom > top)) > 0.95


NEUTRAL: dict[str, object] = {
    "SHIFT_PX": 0.0, "SCALE": 0.0, "ROTATION_DEG": 0.0, "_MIRROR_SHARE": 0.0, "BLUR_SHARE": 0.0,
    "SHRINK_SHARE": 0.0, "JPEG_SHARE": 0.0, "GAMMA": 0.0, "CONTRAST": (1.0, 1.0),
    "BRIGHTNESS": 0.0, "NOISE_SHARE": 0.0,
}  # fmt: skip


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Only:
    """Return a function that switches off all effects but the named ones.

    The result augments crops; keyword arguments change settings.
    """

    def keep(*names: str, **changed: object) -> Callable[[Crops], Crops]:
        for name, value in NEUTRAL.items():
            if name not in names:
                monkeypatch.setattr(module, name, value)
        for name, value in changed.items():
            monkeypatch.setattr(module, name, value)
        return lambda crops: augment(crops, np.random.default_rng(11))

    return keep


def _dots(count: int = 600, *columns: int) -> Crops:
    crops = np.zeros((count, 64, 64), np.uint8)
    for column in columns or (31,):
        crops[:, 30:33, column - 1 : column + 2] = 255
    return crops


def _centres(crops: Crops) -> NDArray[np.float64]:
    """Return row and column of the brightness' centre, (N, 2)."""
    grid = np.mgrid[:64, :64].reshape(2, -1).T
    weights = crops.reshape(len(crops), -1).astype(float)
    return weights @ grid / weights.sum(axis=1, keepdims=True)


def _changed(before: Crops, after: Crops) -> NDArray[np.bool_]:
    return (before != after).any(axis=(1, 2))


def test_nothing_changes_when_every_effect_is_switched_off(only: Only) -> None:
    assert np.array_equal(only()(_dots()), _dots())


def test_half_of_the_crops_are_mirrored(only: Only) -> None:
    columns = _centres(only("_MIRROR_SHARE")(_dots(600, 20)))[:, 1]
    assert set(columns) == {20.0, 43.0}
    assert (columns == 43).mean() == pytest.approx(0.5, abs=0.06)


def test_crops_are_shifted_by_up_to_4_px(only: Only) -> None:
    moved = _centres(only("SHIFT_PX")(_dots())) - _centres(_dots())
    assert moved.min(axis=0) == pytest.approx([-4, -4], abs=0.1)
    assert moved.max(axis=0) == pytest.approx([4, 4], abs=0.1)


def test_crops_are_scaled_by_up_to_15_percent(only: Only) -> None:
    columns = _centres(only("SCALE")(_dots(600, 56)))[:, 1] - 31.5
    assert columns.min() / 24.5 == pytest.approx(0.85, abs=0.02)
    assert columns.max() / 24.5 == pytest.approx(1.15, abs=0.02)


def test_crops_are_rotated_by_up_to_15_degrees(only: Only) -> None:
    rows, columns = (_centres(only("ROTATION_DEG")(_dots(600, 56))) - 31.5).T
    angles = np.degrees(np.arctan2(rows, columns))
    assert angles.min() == pytest.approx(-15, abs=1.5)
    assert angles.max() == pytest.approx(15, abs=1.5)


def test_edge_is_repeated_when_a_crop_is_moved(only: Only) -> None:
    flat = np.full((300, 64, 64), 90, np.uint8)
    moved = only("SHIFT_PX", "SCALE", "ROTATION_DEG")(flat)
    assert (moved[:, 8:-8, 8:-8] == 90).all()
    assert (moved == 90).mean() > 0.999
    assert (only("SHIFT_PX", SHIFT_PX=14.0)(flat) == 90).all()


def test_a_quarter_of_the_crops_is_blurred(only: Only) -> None:
    blurred = only("BLUR_SHARE")(_dots())
    changed = _changed(_dots(), blurred)
    assert changed.mean() == pytest.approx(0.25, abs=0.05)
    dot = Image.fromarray(_dots()[0])
    softest, strongest = (
        _difference(np.asarray(dot.filter(ImageFilter.GaussianBlur(radius))), _dots()[0])
        for radius in (0.3, 1.5)
    )
    differences = [_difference(crop, _dots()[0]) for crop in blurred[changed]]
    assert min(differences) == pytest.approx(softest, rel=0.2)
    assert max(differences) == pytest.approx(strongest, rel=0.02)


def _difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def test_three_in_ten_crops_lose_resolution(only: Only) -> None:
    faces = np.repeat(synthetic_faces()[7:8], 600, axis=0)
    shrunk = only("SHRINK_SHARE")(faces)
    assert _changed(faces, shrunk).mean() == pytest.approx(0.3, abs=0.05)
    face = Image.fromarray(faces[0])
    by_side = {
        np.asarray(
            face.resize((side, side), Image.Resampling.BOX).resize(
                (64, 64), Image.Resampling.BILINEAR
            )
        ).tobytes(): side
        for side in range(8, 64)
    }
    sides = {by_side[crop.tobytes()] for crop in shrunk[_changed(faces, shrunk)]}
    assert (min(sides), max(sides)) == (16, 47)


def test_a_fifth_of_the_crops_is_compressed(only: Only) -> None:
    faces = np.repeat(synthetic_faces()[7:8], 600, axis=0)
    compressed = only("JPEG_SHARE")(faces)
    changed = _changed(faces, compressed)
    assert changed.mean() == pytest.approx(0.2, abs=0.05)
    by_quality = {_jpeg(faces[0], quality).tobytes(): quality for quality in range(5, 96)}
    qualities = [by_quality[crop.tobytes()] for crop in compressed[changed]]
    assert min(qualities) in (25, 26)
    assert max(qualities) in (78, 79)


def _jpeg(crop: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(crop).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def test_gamma_is_between_two_thirds_and_one_and_a_half(only: Only) -> None:
    levels = only("GAMMA")(np.full((600, 64, 64), 100, np.uint8))[:, 0, 0]
    exponents = np.log(levels / 255) / np.log(100 / 255)
    assert exponents.min() == pytest.approx(1 / 1.5, abs=0.02)
    assert exponents.max() == pytest.approx(1.5, abs=0.02)


def test_contrast_is_scaled_around_mid_grey(only: Only) -> None:
    two_levels = np.full((600, 64, 64), 107, np.uint8)
    two_levels[:, :, 32:] = 148
    varied = only("CONTRAST")(two_levels).astype(float)
    factors = (varied[:, 0, -1] - varied[:, 0, 0]) / 41
    assert factors.min() == pytest.approx(0.5, abs=0.03)
    assert factors.max() == pytest.approx(1.3, abs=0.03)
    assert np.abs(varied.mean(axis=(1, 2)) - 127.5).max() <= 0.5


def test_brightness_changes_by_up_to_30_levels(only: Only) -> None:
    changes = only("BRIGHTNESS")(np.full((600, 64, 64), 100, np.uint8))[:, 0, 0].astype(int) - 100
    assert (changes.min(), changes.max()) == (-30, 30)
    bright = only("BRIGHTNESS")(np.full((600, 64, 64), 250, np.uint8))
    assert (bright.min(), bright.max()) == (220, 255)
    dark = only("BRIGHTNESS")(np.full((600, 64, 64), 5, np.uint8))
    assert (dark.min(), dark.max()) == (0, 35)


def test_two_fifths_of_the_crops_are_noisy(only: Only) -> None:
    noisy = only("NOISE_SHARE")(np.full((400, 64, 64), 127, np.uint8)).astype(float)
    deviations = noisy.std(axis=(1, 2))
    assert (deviations > 0.3).mean() == pytest.approx(0.4, abs=0.06)
    assert deviations.max() == pytest.approx(12, abs=0.4)
    assert deviations[deviations > 0.3].min() < 0.9


def test_each_grey_level_keeps_its_own_int8_step_in_usual_light() -> None:
    levels = np.tile(np.arange(256, dtype=np.uint8), 16).reshape(1, 64, 64)
    scaled = preprocess(levels)
    assert scaled.shape == (1, 64, 64, 1)
    assert scaled.dtype == np.float32
    int8_input = (scaled[0, :4, :, 0] * 128).ravel()
    assert int8_input.tolist() == list(range(-128, 128))


def test_dark_face_is_brought_close_to_usual_light(crops: Crops) -> None:
    dark = np.rint(crops * 0.2).astype(np.uint8)
    levels = preprocess(dark) * 128 + 128
    assert np.array_equal(levels, np.rint(levels))
    assert float(dark.std()) < 10
    assert float(levels.std()) == pytest.approx(25, abs=1)
    assert float(levels.mean()) == pytest.approx(75, abs=1)


def test_noise_is_not_amplified_to_a_picture_when_a_crop_is_flat() -> None:
    flat = np.full((1, 64, 64), 90, np.uint8)
    assert np.ptp(preprocess(flat)) == 0
    flat[0, ::2] += 1
    assert np.ptp(preprocess(flat)) * 128 < 8


@pytest.mark.parametrize(
    "crops", [np.zeros((1, 64, 64), np.float32), np.zeros((64, 64), np.uint8),
              np.zeros((1, 48, 48), np.uint8)],
)  # fmt: skip
def test_crops_are_rejected_when_their_shape_or_type_is_wrong(crops: Crops) -> None:
    with pytest.raises(ValueError, match="crops: expected uint8"):
        preprocess(crops)


def test_layers_are_those_of_the_shipped_network() -> None:
    assert json.loads(METRICS.read_text())["model"]["multiply_adds"] == count_multiply_adds()
