"""Random augmentation: the effects of other cameras, light, poses and face detectors.

`training.model.occlusion` covers faces before.
"""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.affine import move

__all__ = ["augment"]

SHIFT_PX = 4.0  # error of the face detector, in each direction
SCALE = 0.15  # crop wider or tighter by up to this share
ROTATION_DEG = 15.0  # roll that remains after alignment
BLUR_SHARE, BLUR_RADIUS_PX = 0.25, (0.3, 1.5)  # out of focus, motion
SHRINK_SHARE, SHRINK_SIDE_PX = 0.3, (16, 48)  # distant faces: fewer pixels, enlarged to 64
JPEG_SHARE, JPEG_QUALITY = 0.2, (25, 80)  # video and photo compression
GAMMA = 0.5  # exponent between 1 / (1 + GAMMA) and 1 + GAMMA
CONTRAST = (0.5, 1.3)  # factor around mid-grey
BRIGHTNESS = 30.0  # grey levels, brighter or darker
NOISE_SHARE, NOISE_LEVELS = 0.4, 12.0  # largest standard deviation, grey levels

_MIRROR_SHARE = 0.5
_MID_GREY = 127.5


def augment(crops: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return one random variation of each crop.

    Parameters
    ----------
    crops
        uint8 (N, 64, 64).
    rng
        The same seed gives the same variations.

    Returns
    -------
    NDArray[np.uint8]
        (N, 64, 64).
    """
    varied = np.stack([_vary_geometry(crop, rng) for crop in crops])
    return _vary_light(varied, rng)


def _vary_geometry(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    mirrored = crop[:, ::-1] if rng.random() < _MIRROR_SHARE else crop
    image = Image.fromarray(_move_randomly(mirrored, rng))
    if rng.random() < SHRINK_SHARE:
        side = int(rng.integers(*SHRINK_SIDE_PX))
        small = image.resize((side, side), Image.Resampling.BOX)
        image = small.resize((CROP_SIZE_PX, CROP_SIZE_PX), Image.Resampling.BILINEAR)
    if rng.random() < BLUR_SHARE:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(*BLUR_RADIUS_PX)))
    if rng.random() < JPEG_SHARE:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(rng.integers(*JPEG_QUALITY)))
        image = Image.open(file)
    return np.asarray(image, dtype=np.uint8)


def _move_randomly(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    angle_deg = rng.uniform(-ROTATION_DEG, ROTATION_DEG)
    scale = 1 + rng.uniform(-SCALE, SCALE)
    left, up = rng.uniform(-SHIFT_PX, SHIFT_PX, size=2)
    return move(
        crop, angle_deg=angle_deg, scale=scale, shift=(-left, -up), border_px=CROP_SIZE_PX // 4
    )


def _vary_light(crops: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    def each(low: float, high: float) -> NDArray[np.float32]:
        return rng.uniform(low, high, size=(len(crops), 1, 1)).astype(np.float32)

    grey = crops.astype(np.float32)
    limit = math.log(1 + GAMMA)
    grey[:] = 255 * (grey / 255) ** np.exp(each(-limit, limit))
    grey = (grey - _MID_GREY) * each(*CONTRAST) + _MID_GREY + each(-BRIGHTNESS, BRIGHTNESS)
    deviation = each(0, NOISE_LEVELS) * (each(0, 1) < NOISE_SHARE)
    grey += deviation * rng.standard_normal(crops.shape, dtype=np.float32)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)
