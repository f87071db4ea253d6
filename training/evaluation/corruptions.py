"""The conditions of the robustness grid: one fault at a time, of stated strength."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from smile_vision.smiles.preprocess import CROP_SIZE_PX

__all__ = ["Condition", "conditions", "move"]

Crop = NDArray[np.uint8]
Spoil = Callable[[Crop, np.random.Generator], Crop]

_CENTRE = (CROP_SIZE_PX - 1) / 2
_PATCH_GREYS = (0, 256)
_DARK_NOISE = 4.0  # grey levels, standard deviation: what a camera's gain leaves in the dark


@dataclass(frozen=True)
class Condition:
    """One row of the grid.

    Attributes
    ----------
    family, setting
        In words.
    within
        Whether the floor has to hold here.
    spoil
        Makes it, from one uint8 (64, 64) crop to another.
    """

    family: str
    setting: str
    within: bool
    spoil: Spoil


def conditions() -> Iterator[Condition]:
    """Yield the grid; the first row is the picture as it is."""
    yield Condition("as it is", "-", True, lambda crop, _: crop)
    for radius, within in ((0.7, True), (1.0, True), (1.5, True), (2.0, False), (3.0, False)):
        yield Condition("blur", f"Gaussian, {radius} px of 64", within, _blurred(radius))
    for light, within in ((0.5, True), (0.25, True), (0.12, False), (0.06, False)):
        yield Condition("darkness", f"{light:.0%} of the light, noise", within, _darkened(light))
    yield Condition("darkness", "too bright by half", True, _darkened(1.5))
    for quality, within in ((50, True), (30, True), (15, True), (5, False)):
        yield Condition("JPEG", f"quality {quality}", within, _compressed(quality))
    for side, within in ((48, True), (32, True), (24, True), (16, True), (12, False), (8, False)):
        yield Condition("face size", f"{side} px across the crop", within, _shrunk(side))
    for angle, within in ((5, True), (10, True), (15, True), (20, True), (30, False), (45, False)):
        yield Condition("roll", f"{angle}° either way", within, _rolled(angle))
    for rows, columns, name, within in _PATCHES:
        yield Condition("covered", name, within, _covered(rows, columns))
    for shift, within in ((2, True), (4, True), (6, False), (8, False)):
        yield Condition("detector off", f"{shift} px in any direction", within, _shifted(shift))
    for scale, within in ((0.8, True), (0.9, True), (1.1, True), (1.25, True)):
        yield Condition("detector off", f"face {scale:.2f} times as large", within, _scaled(scale))


_ALL = slice(0, CROP_SIZE_PX)
_PATCHES = (
    (slice(6, 26), _ALL, "eyes (sunglasses)", True),
    (_ALL, slice(0, 16), "a quarter, at one side", True),
    (slice(26, 42), slice(22, 42), "nose", True),
    (slice(52, 64), _ALL, "chin", False),
    (slice(40, 64), slice(32, 64), "half of the mouth", False),
    (slice(40, 64), _ALL, "the mouth", False),
)


def move(crop: Crop, angle_deg: float, scale: float, shift_x: float, shift_y: float) -> Crop:
    """Turn, enlarge and shift a crop about its centre; what comes into view repeats the edge."""
    border = CROP_SIZE_PX // 2
    padded = np.pad(crop, border, mode="edge")
    angle = math.radians(angle_deg)
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    # Pillow maps each output pixel to the input pixel it is taken from.
    origin_x = _CENTRE + border - shift_x - cos * _CENTRE - sin * _CENTRE
    origin_y = _CENTRE + border - shift_y + sin * _CENTRE - cos * _CENTRE
    moved = Image.fromarray(padded).transform(
        crop.shape,
        Image.Transform.AFFINE,
        (cos, sin, origin_x, -sin, cos, origin_y),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(moved)


def _blurred(radius: float) -> Spoil:
    def spoil(crop: Crop, _: np.random.Generator) -> Crop:
        return np.asarray(Image.fromarray(crop).filter(ImageFilter.GaussianBlur(radius)))

    return spoil


def _darkened(light: float) -> Spoil:
    def spoil(crop: Crop, rng: np.random.Generator) -> Crop:
        grey = crop * light
        if light < 1:
            grey = grey + _DARK_NOISE * rng.standard_normal(crop.shape)
        return np.asarray(np.clip(np.rint(grey), 0, 255), dtype=np.uint8)

    return spoil


def _compressed(quality: int) -> Spoil:
    def spoil(crop: Crop, _: np.random.Generator) -> Crop:
        file = io.BytesIO()
        Image.fromarray(crop).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))

    return spoil


def _shrunk(side: int) -> Spoil:
    def spoil(crop: Crop, _: np.random.Generator) -> Crop:
        small = Image.fromarray(crop).resize((side, side), Image.Resampling.BOX)
        return np.asarray(small.resize(crop.shape, Image.Resampling.BILINEAR))

    return spoil


def _rolled(angle: float) -> Spoil:
    return lambda crop, rng: move(crop, angle * rng.choice((-1, 1)), 1.0, 0.0, 0.0)


def _scaled(scale: float) -> Spoil:
    return lambda crop, _: move(crop, 0.0, scale, 0.0, 0.0)


def _shifted(shift: float) -> Spoil:
    def spoil(crop: Crop, rng: np.random.Generator) -> Crop:
        direction = rng.uniform(0, 2 * math.pi)
        return move(crop, 0.0, 1.0, shift * math.cos(direction), shift * math.sin(direction))

    return spoil


def _covered(rows: slice, columns: slice) -> Spoil:
    def spoil(crop: Crop, rng: np.random.Generator) -> Crop:
        covered = crop.copy()
        covered[rows, columns] = rng.integers(*_PATCH_GREYS)
        return covered

    return spoil
