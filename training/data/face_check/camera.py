"""What a camera does to a picture: few pixels, blur, weak contrast, noise and compression.

Faces and other things get the same effects, so that they give no hint.
"""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.face_check.choices import chance

__all__ = ["ANY", "USABLE", "Quality", "photographed"]


class Quality(NamedTuple):
    """The worst picture that occurs.

    Attributes
    ----------
    side_px
        Pixels across the crop.
    deviation
        Contrast: standard deviation, grey levels.
    """

    side_px: int
    deviation: float


USABLE = Quality(side_px=13, deviation=7.0)
"""A face can be recognised."""
ANY = Quality(side_px=7, deviation=3.0)
"""Other things also occur smaller and paler: a crop that shows nothing shows no face."""

SHRINK_SHARE, MAX_SHRUNK_PX = 0.5, 48  # distant things: fewer pixels, enlarged to 64
BLUR_SHARE, BLUR_RADIUS = 0.3, (0.01, 0.03)  # share of the side
MIN_BLURRED_PX = 20  # with fewer pixels, blur would leave nothing
MAX_DEVIATION = 75.0
LIGHT_SHARE, SHADOW_EDGE = 0.5, (0.3, 5.0)  # of light from one side; its steepness
MEAN = (10.0, 235.0)  # brightness, grey levels
GAMMA = 0.4  # exponent between 1 / (1 + GAMMA) and 1 + GAMMA
NOISE_SHARE, NOISE_LEVELS, NOISE_PER_DEVIATION = 0.5, 12.0, 0.4
JPEG_SHARE, JPEG_QUALITY = 0.3, (25, 80)


def photographed(
    crop: NDArray[np.uint8], worst: Quality, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the crop as one of many cameras would show it.

    Parameters
    ----------
    crop
        uint8 (64, 64).
    worst
        The lowest quality.
    rng
        Source of all choices.

    Returns
    -------
    NDArray[np.uint8]
        (64, 64).
    """
    image = Image.fromarray(crop)
    side = CROP_SIZE_PX
    if chance(rng, SHRINK_SHARE):
        side = int(rng.integers(worst.side_px, MAX_SHRUNK_PX))
        image = image.resize((side, side), Image.Resampling.BOX)
    if side >= MIN_BLURRED_PX and chance(rng, BLUR_SHARE):
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(*BLUR_RADIUS) * side))
    image = Image.fromarray(_exposed(np.asarray(image), worst, rng))
    if chance(rng, JPEG_SHARE):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(rng.integers(*JPEG_QUALITY)))
        image = Image.open(file)
    if side != CROP_SIZE_PX:
        image = image.resize((CROP_SIZE_PX, CROP_SIZE_PX), Image.Resampling.BILINEAR)
    return np.array(image, dtype=np.uint8)


def _exposed(
    small: NDArray[np.uint8], worst: Quality, rng: np.random.Generator
) -> NDArray[np.uint8]:
    grey = (small.astype(np.float32) / 255) ** np.exp(
        rng.uniform(-np.log1p(GAMMA), np.log1p(GAMMA))
    )
    if chance(rng, LIGHT_SHARE):
        ramp = np.linspace(-1, 1, len(grey), dtype=np.float32)
        edge = rng.uniform(*SHADOW_EDGE)  # from a gentle fall of light to a clear shadow
        side = np.tanh(edge * (ramp - rng.uniform(-0.4, 0.4))) / np.tanh(edge)
        across, down = rng.uniform(-0.9, 0.9), rng.uniform(-0.5, 0.5)
        grey *= np.clip(1 + across * side[np.newaxis] + down * ramp[:, np.newaxis], 0.08, 2)
    deviation = np.exp(rng.uniform(np.log(worst.deviation), np.log(MAX_DEVIATION)))
    grey = (grey - grey.mean()) * (deviation / max(float(grey.std()), 0.01)) + rng.uniform(*MEAN)
    if chance(rng, NOISE_SHARE):
        strength = rng.uniform(0, min(NOISE_LEVELS, NOISE_PER_DEVIATION * deviation))
        grey += strength * rng.standard_normal(grey.shape, dtype=np.float32)
    exposed: NDArray[np.uint8] = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return exposed
