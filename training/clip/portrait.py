"""Paint a stylised portrait around a generated face: head, hair, neck, clothes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from training.clip.canvas import (
    CANVAS_PX,
    FACE_AT,
    UNIT_PX,
    Look,
    Points,
    ellipse,
    fade,
    mask_of,
    paint,
    to_px,
    volume,
)
from training.clip.faces import FACE_SIDE_PX, FloatArray
from training.clip.hair import STYLES
from training.clip.skin import colour_skin, face_blend, fit_light

CHEEKS_Y = 20  # where a head is widest, in face units
PATCH_MARGIN = 4  # units around the face that are painted again in every frame


@dataclass(frozen=True, slots=True)
class StillLife:
    """The parts of a portrait that a smile does not change; pictures of `CANVAS_PX`.

    Attributes
    ----------
    below
        Everything except what hangs over the face, RGBA.
    above
        What hangs over the face: hair or hat, RGBA.
    light
        Grey level of the skin around the generated face, in units, float32 (H, W).
    head
        Mask of the head.
    shade
        Volume of the head, in [0, 1], float32 (H, W).
    warmth
        Of the skin.
    """

    below: Image.Image
    above: Image.Image
    light: FloatArray
    head: Image.Image
    shade: FloatArray
    warmth: float


def paint_portrait(face: FloatArray, still: StillLife) -> Image.Image:
    """Paint one frame of a person.

    Parameters
    ----------
    face
        Grey face in [0, 1], float32 (64, 64).
    still
        Everything around the face, from `paint_still_life`.

    Returns
    -------
    Image.Image
        RGBA picture of `CANVAS_PX`, transparent around the person.
    """
    left, top = FACE_AT[0] - PATCH_MARGIN, FACE_AT[1] - PATCH_MARGIN
    side = FACE_SIDE_PX + 2 * PATCH_MARGIN
    light = still.light[top : top + side, left : left + side].copy()
    inner = slice(PATCH_MARGIN, PATCH_MARGIN + FACE_SIDE_PX)
    light[inner, inner] += face_blend() * (face - light[inner, inner])
    corner = (left * UNIT_PX, top * UNIT_PX)
    box = (*corner, corner[0] + side * UNIT_PX, corner[1] + side * UNIT_PX)
    rows, columns = slice(box[1], box[3]), slice(box[0], box[2])
    skin = darken(colour_skin(light, still.warmth, (left, top)), still.shade[rows, columns])
    patch = merge(still.below.crop(box), skin, still.head.crop(box))
    patch.alpha_composite(still.above.crop(box))
    portrait = Image.alpha_composite(still.below, still.above)
    portrait.paste(patch, corner)
    return portrait


def paint_still_life(face: FloatArray, look: Look) -> StillLife:
    """Paint everything around a neutral face, float32 (64, 64) in [0, 1], once."""
    rng = np.random.default_rng(look.seed)
    head = mask_of(head_outline(), *(ellipse(x, 22, 5.5, 11) for x in (-0.5, 64.5)))
    below = Image.new("RGBA", CANVAS_PX)
    above = Image.new("RGBA", CANVAS_PX)
    STYLES[look.style](look, rng, below, above)
    light = fit_light(face)
    skin = colour_skin(light, look.warmth, (0, 0))
    shade = 0.62 + 0.38 * volume(head, 26, 0.25, 0.85)
    below = merge(below, darken(skin, shade_neck()), mask_of(neck_outline()))
    below.alpha_composite(paint_clothes(look, rng))
    below = merge(below, darken(skin, shade), head)
    return StillLife(below, above, light, head, shade, look.warmth)


def merge(below: Image.Image, above: Image.Image, mask: Image.Image) -> Image.Image:
    """Lay the RGB picture `above` over the RGBA picture `below` where `mask` is white."""
    layer = above.convert("RGBA")
    layer.putalpha(mask)
    return Image.alpha_composite(below, layer)


def darken(picture: Image.Image, shade: FloatArray) -> Image.Image:
    """Multiply an RGB picture with a shade in [0, 1], (H, W)."""
    return Image.fromarray((np.asarray(picture) * shade[..., None]).astype(np.uint8))


def head_outline() -> Points:
    """Return the outline of skull and jaw: half an ellipse above the cheeks, a jaw below."""
    right = []
    for y in np.linspace(-36, 68, 40):  # from the top of the skull down to the chin
        if y < CHEEKS_Y:
            half = 33.0 * np.sqrt(max(0.0, 1 - ((20 - y) / 56) ** 2.2))
        else:
            half = 33.0 * max(0.0, 1 - ((y - 20) / 48) ** 2.6) ** 0.62
        right.append((32 + half, y))
    return right + [(64 - x, y) for x, y in reversed(right)]


def neck_outline() -> Points:
    """Return the outline of the neck, which widens into the shoulders."""
    side = [(10, 40), (11, 58), (10, 70), (4, 78), (-10, 86), (-10, 110)]
    return [*side, *[(64 - x, y) for x, y in reversed(side)]]


def shade_neck() -> FloatArray:
    """Return the shadow of the chin on the neck."""
    y = (np.arange(CANVAS_PX[1], dtype=np.float32) / UNIT_PX - FACE_AT[1])[:, None]
    x = (np.arange(CANVAS_PX[0], dtype=np.float32) / UNIT_PX - FACE_AT[0])[None]
    round_off = 1 - 0.3 * fade(np.abs(x - 32), 8, 26)
    return np.asarray((0.62 + 0.28 * fade(y, 64, 84)) * round_off, np.float32)


def paint_clothes(look: Look, rng: np.random.Generator) -> Image.Image:
    """Paint shoulders with a round collar, lit from above, with a slight weave."""
    side = [(-5, 79), (-18, 84), (-36, 91), (-50, 100), (-57, 112), (-60, 160)]
    seam = [(float(69 - 74 * t), float(79 + 13 * np.sin(np.pi * t))) for t in np.linspace(0, 1, 20)]
    shape = [*side, *[(64 - x, y) for x, y in reversed(side)], *seam]
    mask = mask_of([(float(x), float(y)) for x, y in shape])
    coarse = rng.normal(0, 1, (CANVAS_PX[1] // 2, CANVAS_PX[0] // 2)).astype(np.float32)
    weave = np.asarray(Image.fromarray(coarse).resize(CANVAS_PX))
    light = 0.6 + 0.4 * volume(mask, 30, 0.2, 0.95) + 0.012 * weave
    clothes = paint(look.clothes, light, mask)
    trim = Image.new("RGBA", CANVAS_PX)
    edge = tuple(int(c * 0.72) for c in look.clothes)
    ImageDraw.Draw(trim).line(to_px(seam), fill=(*edge, 255), width=9)
    clothes.alpha_composite(trim.filter(ImageFilter.GaussianBlur(1.5)))
    return clothes
