"""Things that are no faces but that a face detector may take for one.

A picture is drawn once at `SIDE_PX` and then scaled. Its box is the whole square, except for the
back of a head, whose box is where the face would be.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bench.scenes.people import CLOTHES, FACE_CORNER, FACE_PX, standing
from bench.scenes.sprite import LEVELS, Sprite
from training.clip.canvas import Colour, Look, ellipse, fade, mask_of, paint, volume
from training.clip.portrait import head_outline, neck_outline, paint_clothes

__all__ = ["KINDS", "SIDE_PX", "prop_sprite"]

SIDE_PX = 512
_HAIR: tuple[Colour, ...] = ((52, 36, 26), (120, 84, 50), (34, 30, 30), (150, 146, 140))
_CODE = (
    "def is_smiling(score):",
    "    return score > 0.5",
    "for face in faces:",
    "    o_o = face.eyes()",
    "    print(o_o, '=', 8)",
    "@cache",
    "class Oo(B8): ...",
    "x = [0, 0, 8, 0]  # :-)",
)


@lru_cache(maxsize=100)
def prop_sprite(kind: str, variant: int, level: int) -> Sprite:
    """Return a thing.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    variant : int
        Colours and details.
    level : int
        The picture is reduced by 2 ** level.
    """
    factor = 2**level
    picture = _levels(kind, variant)[level]
    if kind == "back_of_head":
        corner = FACE_CORNER[0] / factor, FACE_CORNER[1] / factor
        return Sprite(picture, corner, FACE_PX / factor)
    return Sprite(picture, (0.0, 0.0), SIDE_PX / factor)


@cache
def _levels(kind: str, variant: int) -> list[Image.Image]:
    premultiplied = KINDS[kind](variant).convert("RGBa")
    return [premultiplied.reduce(2**level).convert("RGBA") for level in range(LEVELS)]


def _bottle_cap(variant: int) -> Image.Image:
    """Return a bottle cap from above: a ribbed rim, and a sign in a ring."""
    colour = ((40, 90, 190), (190, 50, 46), (70, 140, 90))[variant % 3]
    picture = _disc(colour, rim=0.84)
    draw = ImageDraw.Draw(picture)
    middle = SIDE_PX / 2
    for turn in np.linspace(0, 2 * np.pi, 60, endpoint=False):
        inner, outer = 0.43 * SIDE_PX, 0.485 * SIDE_PX
        cos, sin = float(np.cos(turn)), float(np.sin(turn))
        ends = (
            middle + inner * cos,
            middle + inner * sin,
            middle + outer * cos,
            middle + outer * sin,
        )
        draw.line(ends, fill=tuple(int(c * 0.6) for c in colour), width=9)
    white = (235, 238, 240)
    draw.ellipse((130, 130, 382, 382), outline=white, width=12)
    font = ImageFont.load_default(170)
    draw.text((256, 256), "8BO"[variant % 3], font=font, fill=white, anchor="mm")
    return picture.filter(ImageFilter.GaussianBlur(2.5))


def _button(variant: int) -> Image.Image:
    """Return a coat button with two holes and a thread, or with four."""
    colour = ((70, 50, 36), (30, 34, 46), (196, 176, 140))[variant % 3]
    picture = _disc(colour, rim=0.74)
    draw = ImageDraw.Draw(picture)
    holes = (
        ((196, 226), (316, 226))
        if variant % 2
        else tuple((x, y) for x in (204, 308) for y in (204, 308))
    )
    for x, y in holes:
        draw.ellipse((x - 26, y - 26, x + 26, y + 26), fill=(14, 12, 12))
    if variant % 2:
        draw.line((196, 226, 316, 226), fill=tuple(c // 2 for c in colour), width=14)  # the thread
    draw.arc((110, 110, 402, 402), 200, 300, fill=tuple((c + 255) // 2 for c in colour), width=10)
    return picture.filter(ImageFilter.GaussianBlur(2.5))


def _clock(variant: int) -> Image.Image:
    """Return a wall clock."""
    picture = _disc((236, 234, 226), rim=0.92)
    draw = ImageDraw.Draw(picture)
    middle = SIDE_PX / 2
    for hour in range(12):
        turn = hour * np.pi / 6
        cos, sin = float(np.cos(turn)), float(np.sin(turn))
        draw.line(
            (middle + 176 * cos, middle + 176 * sin, middle + 208 * cos, middle + 208 * sin),
            fill=(30, 30, 34), width=12,
        )  # fmt: skip
    for length, turn, width in ((110, 0.9 + variant, 16), (164, 2.3 + variant, 10)):
        end = middle + length * float(np.cos(turn)), middle + length * float(np.sin(turn))
        draw.line((middle, middle, *end), fill=(30, 30, 34), width=width)
    return picture.filter(ImageFilter.GaussianBlur(1.5))


def _screen(variant: int) -> Image.Image:
    """Return a screen with lines of code."""
    picture = Image.new("RGBA", (SIDE_PX, SIDE_PX))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((2, 80, 509, 430), 14, fill=(40, 40, 44, 255))
    draw.rectangle((18, 96, 493, 414), fill=(20, 24, 32, 255))
    font = ImageFont.load_default(27)
    colours = ((120, 200, 140), (210, 210, 214), (230, 160, 90), (110, 170, 230))
    for row in range(len(_CODE)):
        text, colour = _CODE[(row + variant) % len(_CODE)], colours[(row + variant) % len(colours)]
        draw.text((34, 106 + 37 * row), text, font=font, fill=(*colour, 255))
    return picture


def _poster(variant: int) -> Image.Image:
    """Return a white sheet with large letters and round signs."""
    picture = Image.new("RGBA", (SIDE_PX, SIDE_PX))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((60, 4, 452, 507), fill=(238, 236, 228, 255))
    ink = ((40, 60, 120), (150, 40, 40))[variant % 2]
    for row, text in enumerate(("8O8", "B@B", "OoO")):
        draw.text((110, 10 + 160 * row), text, font=ImageFont.load_default(150), fill=ink)
    return picture


def _board(variant: int) -> Image.Image:
    """Return a cardboard box that somebody carries past the camera."""
    picture = Image.new("RGBA", (SIDE_PX, SIDE_PX))
    draw = ImageDraw.Draw(picture)
    shade = 1 - 0.15 * (variant % 2)
    colour = tuple(int(c * shade) for c in (176, 140, 96))
    draw.rounded_rectangle((8, 8, 503, 503), 12, fill=(*colour, 255))
    draw.rectangle((8, 226, 503, 286), fill=(198, 170, 124, 255))
    draw.line((8, 256, 503, 256), fill=(120, 92, 60, 255), width=4)
    return picture.filter(ImageFilter.GaussianBlur(2))


def _bottle(variant: int) -> Image.Image:
    """Return a standing bottle with a coloured cap and a label."""
    picture = Image.new("RGBA", (SIDE_PX, SIDE_PX))
    draw = ImageDraw.Draw(picture)
    glass = ((120, 160, 176), (86, 110, 70), (170, 190, 200))[variant % 3]
    cap = ((40, 90, 190), (190, 50, 46), (240, 240, 236))[variant % 3]
    draw.rounded_rectangle((166, 150, 346, 508), 34, fill=(*glass, 230))
    draw.polygon([(222, 70), (290, 70), (346, 190), (166, 190)], fill=(*glass, 230))
    draw.rounded_rectangle((212, 6, 300, 76), 10, fill=(*cap, 255))
    for x in range(218, 300, 9):
        draw.line((x, 12, x, 70), fill=tuple(int(c * 0.75) for c in cap), width=3)
    draw.rectangle((166, 260, 346, 420), fill=(232, 226, 206, 255))
    draw.ellipse((206, 290, 306, 390), fill=(*cap, 255))
    draw.line((188, 170, 188, 490), fill=(255, 255, 255, 90), width=10)
    return picture.filter(ImageFilter.GaussianBlur(2))


def _back_of_head(variant: int) -> Image.Image:
    """Return a person from behind: hair, ears, neck and shoulders."""
    rng = np.random.default_rng(variant)
    hair, clothes = _HAIR[variant % len(_HAIR)], CLOTHES[(variant * 5 + 2) % len(CLOTHES)]
    ears = mask_of(*(ellipse(x, 22, 5.0, 10) for x in (0.5, 63.5)))
    skull = mask_of([(x, min(y, 58.0)) for x, y in head_outline()], ellipse(32, 18, 35, 48))
    skin = np.full(np.asarray(skull).shape, 0.72, np.float32)
    person = paint((206, 160, 132), skin * 0.8, mask_of(neck_outline()))
    person.alpha_composite(paint((206, 160, 132), skin, ears))
    depth = 0.5 + 0.6 * volume(skull, 40, 0.3, 0.95)
    height, width = depth.shape
    strands = rng.normal(0, 1, (1, width)).astype(np.float32).repeat(height, axis=0)
    strands += rng.normal(0, 0.4, (height // 8, width // 2)).repeat(8, 0).repeat(2, 1)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    light = depth * (1 + 0.10 * strands) * (1.1 - 0.3 * fade(y, 0.2, 0.7))
    look = Look(hair, clothes, "bob", seed=variant)
    person.alpha_composite(paint_clothes(look, rng))
    person.alpha_composite(paint(hair, light, skull))
    return standing(person, clothes)


def _disc(colour: Colour, rim: float) -> Image.Image:
    """Return a shaded disc with an inner edge at `rim` of its radius."""
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX].astype(np.float32) / SIDE_PX * 2 - 1
    radius = np.hypot(x, y)
    light = 0.92 - 0.18 * (x + y) / 1.4 - 0.35 * np.exp(-(((radius - rim) / 0.03) ** 2))
    rgb = np.clip(light[..., None] * np.array(colour), 0, 255).astype(np.uint8)
    picture = Image.fromarray(rgb).convert("RGBA")
    alpha = np.clip((0.98 - radius) * SIDE_PX / 4, 0, 1) * 255
    picture.putalpha(Image.fromarray(alpha.astype(np.uint8)))
    return picture


KINDS: dict[str, Callable[[int], Image.Image]] = {
    "back_of_head": _back_of_head,
    "board": _board,
    "bottle": _bottle,
    "bottle_cap": _bottle_cap,
    "button": _button,
    "clock": _clock,
    "poster": _poster,
    "screen": _screen,
}
