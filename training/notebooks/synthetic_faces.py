"""Synthetic faces, so that the notebooks run without the data set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.pictures import Picture

__all__ = ["synthetic_pictures"]

_FINE = 4  # drawn at four times the size, then scaled down for soft edges


def synthetic_pictures(count: int, seed: int = 1) -> list[Picture]:
    """Return synthetic faces; every third one smiles.

    Parameters
    ----------
    count
        Number of faces.
    seed
        The same seed gives the same faces.

    Returns
    -------
    list[Picture]
        Named 1, 2, 3, …
    """
    rng = np.random.default_rng(seed)
    return [
        Picture(str(number), number % 3 == 0, _draw(number % 3 == 0, rng))
        for number in range(1, count + 1)
    ]


def _draw(smile: bool, rng: np.random.Generator) -> NDArray[np.uint8]:
    skin, dark = int(rng.integers(120, 220)), int(rng.integers(10, 60))
    side = CROP_SIZE_PX * _FINE
    image = Image.new("L", (side, side), skin)
    draw = ImageDraw.Draw(image)
    shift_x, shift_y = rng.uniform(-3, 3, size=2) * _FINE
    for eye_x in (18, 46):
        x, y, radius = eye_x * _FINE + shift_x, 17 * _FINE + shift_y, rng.uniform(3, 5) * _FINE
        draw.ellipse((x - radius, y - radius * 0.6, x + radius, y + radius * 0.6), fill=dark)
    x, y = 32 * _FINE + shift_x, 48 * _FINE + shift_y
    half = rng.uniform(9, 12) * _FINE
    if smile:
        deep = rng.uniform(5, 8) * _FINE
        draw.chord((x - half, y - deep, x + half, y + deep), 10, 170, fill=245, outline=dark)
    else:
        draw.line((x - half * 0.8, y, x + half * 0.8, y), fill=dark, width=2 * _FINE)
    small = image.resize((CROP_SIZE_PX, CROP_SIZE_PX), Image.Resampling.BOX)
    noisy = np.asarray(small) + rng.normal(0, 6, (CROP_SIZE_PX, CROP_SIZE_PX))
    return np.clip(noisy, 0, 255).astype(np.uint8)
