"""Paint skin: the generated face, and its light continued over head and neck."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from training.clip.canvas import CANVAS_UNITS, FACE_AT, UNIT_PX, fade
from training.clip.faces import FACE_SIDE_PX, FloatArray

GRAIN_SEED = 5


def fit_light(face: FloatArray) -> FloatArray:
    """Return the light on a face as a plane over the whole canvas, in units, float32 (H, W).

    The plane is fitted to the lit skin (cheeks, chin, bridge of the nose), so that forehead, jaw
    and neck get the light of the face.
    """
    y, x = face_grid()
    weight = fade(x, 3, 14) * fade(63 - x, 3, 14) * fade(y, 14, 20) * fade(63 - y, 4, 10)
    weight = weight * (face > np.quantile(face[18:60, 8:56], 0.4))
    terms = np.stack([np.ones_like(x), (x - 32) / 32, (y - 32) / 64], axis=-1)
    normal = np.einsum("hwi,hwj,hw->ij", terms, terms, weight) + np.diag([0, 8, 200])
    plane = np.linalg.solve(normal, np.einsum("hwi,hw,hw->i", terms, face, weight))
    width, height = CANVAS_UNITS
    canvas_y, canvas_x = np.mgrid[0:height, 0:width].astype(np.float32)
    canvas_x = np.clip(canvas_x - FACE_AT[0], 0, 63)
    canvas_y = np.clip(canvas_y - FACE_AT[1], -20, 80)
    light = plane[0] + plane[1] * (canvas_x - 32) / 32 + plane[2] * (canvas_y - 32) / 64
    return np.asarray(np.clip(light, 0.05, 0.97), np.float32)


def face_grid() -> tuple[FloatArray, FloatArray]:
    """Return the y and x coordinates of the face's pixels, float32 (64, 64) each."""
    side = np.arange(FACE_SIDE_PX, dtype=np.float32)
    y, x = np.meshgrid(side, side, indexing="ij")
    return y, x


def face_blend() -> FloatArray:
    """Return the opacity of the face, (64, 64): 1 inside, 0 at the jaw and the crop's border."""
    y, x = face_grid()
    jaw = np.sqrt(np.clip(1 - (np.clip(y - 30, 0, None) / 37) ** 2.4, 0, 1))
    to_outline = np.asarray(31 * jaw - np.abs(x - 32), np.float32)
    return fade(y, 0, 7) * fade(63 - y, 0, 5) * fade(to_outline, 0.5, 9)


def colour_skin(grey: FloatArray, warmth: float, corner: tuple[int, int]) -> Image.Image:
    """Return grey skin as an enlarged RGB picture. The luma stays the grey level (BT.601).

    Chroma is strongest in the mid-tones. The lips get more red, eyes and teeth less of both.
    `corner` is the position of `grey` on the canvas, in units.
    """
    height, width = grey.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x + corner[0] - FACE_AT[0], y + corner[1] - FACE_AT[1]
    lips = np.exp(-(((x - 32) / 11) ** 2) - ((y - 49) / 5) ** 2)
    eyes = np.exp(-(((np.abs(x - 32) - 14) / 6) ** 2) - ((y - 16) / 3.2) ** 2)
    teeth = lips * fade(grey, float(np.median(grey)) + 0.02, float(np.median(grey)) + 0.16)
    amount = warmth * (0.35 + 2.2 * grey * (1 - grey)) * (1 - 0.6 * eyes) * (1 - 0.6 * teeth)
    planes = (grey * 255, 128 - 21 * amount, 128 + (22 + 9 * (lips - teeth)) * amount)
    size = (width * UNIT_PX, height * UNIT_PX)
    luma, *chroma = (
        Image.fromarray(plane.astype(np.float32))
        .resize(size, Image.Resampling.BICUBIC)
        .convert("L")
        for plane in planes
    )
    crisp = luma.filter(ImageFilter.UnsharpMask(radius=5, percent=60, threshold=0))
    return Image.merge("YCbCr", [grain(crisp), *chroma]).convert("RGB")


def grain(luma: Image.Image) -> Image.Image:
    """Add grain, the same in every frame, to hide the steps of slow gradients."""
    noise = np.random.default_rng(GRAIN_SEED).normal(0, 1.6, (luma.height, luma.width))
    return Image.fromarray(np.clip(np.asarray(luma) + noise, 0, 255).astype(np.uint8))
