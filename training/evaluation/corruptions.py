"""The corruptions of the robustness test, one at a time, each with a stated strength."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.affine import move

__all__ = ["UNCORRUPTED", "Corruption", "corruptions"]

Crop = NDArray[np.uint8]
Corrupt = Callable[[Crop, np.random.Generator], Crop]

UNCORRUPTED = "none"
_LOW_LIGHT_NOISE = 4.0  # grey levels, standard deviation: a camera's gain in the dark
_ALL = slice(0, CROP_SIZE_PX)


@dataclass(frozen=True)
class Corruption:
    """One row of the robustness test.

    Attributes
    ----------
    kind, setting
        In words.
    required
        Whether the minimum accuracy is required here.
    apply
        Corrupts a crop: uint8 (64, 64) and a source of randomness to uint8 (64, 64).
    """

    kind: str
    setting: str
    required: bool
    apply: Corrupt


def corruptions() -> Iterator[Corruption]:
    """Yield all corruptions; the first one leaves the crop unchanged."""
    yield Corruption(UNCORRUPTED, "-", True, lambda crop, _: crop)
    for radius, required in ((0.7, True), (1.0, True), (1.5, True), (2.0, False), (3.0, False)):
        yield Corruption("blur", f"Gaussian, {radius} px of 64", required, _blurred(radius))
    for light, required in ((0.5, True), (0.25, True), (0.12, False), (0.06, False)):
        yield Corruption("light", f"{light:.0%} of normal, with noise", required, _dimmed(light))
    yield Corruption("light", "150% of normal", True, _dimmed(1.5))
    for quality, required in ((50, True), (30, True), (15, True), (5, False)):
        yield Corruption("JPEG", f"quality {quality}", required, _compressed(quality))
    for side, required in ((48, True), (32, True), (24, True), (16, True), (12, False), (8, False)):
        yield Corruption("resolution", f"crop of {side} px", required, _shrunk(side))
    for angle, required in (
        (5, True),
        (10, True),
        (15, True),
        (20, True),
        (30, False),
        (45, False),
    ):
        yield Corruption("roll", f"{angle}°", required, _rolled(angle))
    for rows, columns, name, required in (
        (slice(6, 26), _ALL, "eyes (sunglasses)", True),
        (_ALL, slice(0, 16), "left quarter", True),
        (slice(26, 42), slice(22, 42), "nose", True),
        (slice(52, 64), _ALL, "chin", False),
        (slice(40, 64), slice(32, 64), "half of the mouth", False),
        (slice(40, 64), _ALL, "mouth", False),
    ):
        yield Corruption("covered", name, required, _covered(rows, columns))
    for shift, required in ((2, True), (4, True), (6, False), (8, False)):
        yield Corruption("detector error", f"{shift} px off", required, _shifted(shift))
    for scale, required in ((0.8, True), (0.9, True), (1.1, True), (1.25, True)):
        yield Corruption("detector error", f"face scaled by {scale:.2f}", required, _scaled(scale))


def _blurred(radius: float) -> Corrupt:
    def blur(crop: Crop, _: np.random.Generator) -> Crop:
        return np.asarray(Image.fromarray(crop).filter(ImageFilter.GaussianBlur(radius)))

    return blur


def _dimmed(light: float) -> Corrupt:
    def dim(crop: Crop, rng: np.random.Generator) -> Crop:
        grey = crop * light
        if light < 1:
            grey = grey + _LOW_LIGHT_NOISE * rng.standard_normal(crop.shape)
        return np.asarray(np.clip(np.rint(grey), 0, 255), dtype=np.uint8)

    return dim


def _compressed(quality: int) -> Corrupt:
    def compress(crop: Crop, _: np.random.Generator) -> Crop:
        file = io.BytesIO()
        Image.fromarray(crop).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))

    return compress


def _shrunk(side: int) -> Corrupt:
    def shrink(crop: Crop, _: np.random.Generator) -> Crop:
        small = Image.fromarray(crop).resize((side, side), Image.Resampling.BOX)
        return np.asarray(small.resize(crop.shape, Image.Resampling.BILINEAR))

    return shrink


def _rolled(angle: float) -> Corrupt:
    return lambda crop, rng: move(crop, angle_deg=angle * rng.choice((-1, 1)))


def _scaled(scale: float) -> Corrupt:
    return lambda crop, _: move(crop, scale=scale)


def _shifted(distance: float) -> Corrupt:
    def shift(crop: Crop, rng: np.random.Generator) -> Crop:
        direction = rng.uniform(0, 2 * math.pi)
        return move(crop, shift=(distance * math.cos(direction), distance * math.sin(direction)))

    return shift


def _covered(rows: slice, columns: slice) -> Corrupt:
    def cover(crop: Crop, rng: np.random.Generator) -> Crop:
        covered = crop.copy()
        covered[rows, columns] = rng.integers(0, 256)
        return covered

    return cover
