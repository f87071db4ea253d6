"""The canvas of a portrait: its units, masks and shading.

The generated face is 64 units wide and high, brows to chin (eyes near (18, 16) and (46, 16), mouth
near (32, 48)). All other parts are painted in the same units of `UNIT_PX` pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from training.clip.faces import FloatArray

UNIT_PX = 4
CANVAS_UNITS = (184, 208)  # width, height
FACE_AT = (60, 66)  # upper left corner of the face on the canvas, in units
CANVAS_PX = (CANVAS_UNITS[0] * UNIT_PX, CANVAS_UNITS[1] * UNIT_PX)

Colour = tuple[int, int, int]
Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Look:
    """The parts of a person that are painted around the face.

    Attributes
    ----------
    hair, clothes
        Base colours.
    style
        ``"bob"``, ``"curls"`` or ``"beanie"``.
    warmth
        Saturation of the skin; 1 is ordinary.
    seed
        Of the strands and the texture.
    hat
        Colour of the beanie.
    """

    hair: Colour
    clothes: Colour
    style: str
    warmth: float = 1.0
    seed: int = 0
    hat: Colour = (60, 90, 120)


def fade(distance: NDArray[np.floating], start: float, end: float) -> FloatArray:
    """Smooth step from 0 at `start` to 1 at `end`."""
    t = np.clip((distance - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def to_px(points: Points) -> Points:
    """Convert points from face units to pixels of the canvas."""
    return [((x + FACE_AT[0]) * UNIT_PX, (y + FACE_AT[1]) * UNIT_PX) for x, y in points]


def mask_of(*outlines: Points, blur_px: float = 1.2) -> Image.Image:
    """Return a soft-edged mask of outlines in face units."""
    mask = Image.new("L", (CANVAS_PX[0] * 2, CANVAS_PX[1] * 2))
    draw = ImageDraw.Draw(mask)
    for outline in outlines:
        draw.polygon(
            [((x + FACE_AT[0]) * UNIT_PX * 2, (y + FACE_AT[1]) * UNIT_PX * 2) for x, y in outline],
            fill=255,
        )
    mask = mask.resize(CANVAS_PX, Image.Resampling.BOX)
    return mask.filter(ImageFilter.GaussianBlur(blur_px))


def ellipse(x: float, y: float, a: float, b: float) -> Points:
    """Return the outline of an ellipse."""
    turn = np.linspace(0, 2 * np.pi, 62)
    return [(x + a * float(np.cos(t)), y + b * float(np.sin(t))) for t in turn]


def volume(mask: Image.Image, blur_px: float, start: float, end: float) -> FloatArray:
    """Return the shading of a form: 0 at its outline to 1 inside, float32 (H, W)."""
    soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(blur_px)), np.float32) / 255
    return fade(soft, start, end)


def paint(colour: Colour, light: NDArray[np.floating], mask: Image.Image) -> Image.Image:
    """Fill a mask with one colour times `light` (H, W); RGBA."""
    rgb = np.clip(light[..., None] * np.array(colour), 0, 255).astype(np.uint8)
    layer = Image.fromarray(rgb).convert("RGBA")
    layer.putalpha(mask)
    return layer
