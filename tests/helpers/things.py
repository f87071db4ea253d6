"""Drawings of things that search networks take for faces, 200 px wide."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from edge_lambda.synthetic_face import WALL
from tests.helpers.clip_faces import Grey, grey_of


def bottle_cap() -> Image.Image:
    angles = np.arange(42) * np.pi / 21
    radii = np.where(np.arange(42) % 2, 92, 82)
    rim = [(100 + r * np.cos(a), 100 + r * np.sin(a)) for r, a in zip(radii, angles, strict=True)]
    image = Image.new("RGB", (200, 200), WALL)
    draw = ImageDraw.Draw(image)
    draw.polygon(rim, fill=(170, 30, 30))
    draw.ellipse([30, 30, 170, 170], fill=(200, 60, 60))
    draw.ellipse([60, 40, 110, 70], fill=(230, 180, 180))
    return image


def back_of_a_head() -> Image.Image:
    image = Image.new("RGB", (200, 200), WALL)
    draw = ImageDraw.Draw(image)
    draw.rectangle([75, 150, 125, 200], fill=(224, 180, 150))
    draw.ellipse([34, 6, 166, 174], fill=(70, 45, 30))
    draw.ellipse([45, 20, 140, 120], fill=(85, 58, 40))
    return image


def badge() -> Image.Image:
    image = Image.new("RGB", (200, 200), WALL)
    draw = ImageDraw.Draw(image)
    draw.ellipse([15, 15, 185, 185], fill=(250, 220, 40))
    for x in (70, 130):
        draw.ellipse([x - 9, 65, x + 9, 95], fill=(20, 20, 20))
    draw.arc([50, 60, 150, 155], 20, 160, fill=(20, 20, 20), width=6)
    return image


THINGS = [bottle_cap(), back_of_a_head(), badge()]
IDS = ["bottle cap", "back of a head", "badge"]


def photo_of(thing: Image.Image, side_px: int) -> Grey:
    """Return a wall of three times the side, with the thing in its middle."""
    photo = Image.new("RGB", (3 * side_px, 3 * side_px), WALL)
    small = thing.filter(ImageFilter.GaussianBlur(1.2)).resize((side_px, side_px))
    photo.paste(small, (side_px, side_px))
    return grey_of(photo)
