"""Paint hair and hats on a portrait's canvas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from training.clip.canvas import (
    CANVAS_PX,
    Colour,
    Look,
    Points,
    ellipse,
    mask_of,
    paint,
    to_px,
    volume,
)

LEFT_SHARE = 0.45  # of a bob's strands: the parting is left of the middle


def strands(
    colour: Colour, rng: np.random.Generator, paths: list[Points], width_px: int = 3
) -> Image.Image:
    """Paint hair along paths in face units. Later strands are lighter than earlier ones."""
    layer = Image.new("RGBA", CANVAS_PX)
    draw = ImageDraw.Draw(layer)
    for order, path in enumerate(paths):
        depth = order / len(paths)  # the deepest hair is in the shade
        light = float(np.clip(rng.normal(0.62 + 0.45 * depth, 0.16), 0.4, 1.6))
        fill = tuple(int(min(255, c * light)) for c in colour)
        width = width_px + round(6 * max(0.0, 0.3 - depth) / 0.3)
        draw.line(to_px(path), fill=(*fill, 255), width=width, joint="curve")
    return layer.filter(ImageFilter.GaussianBlur(1.0))


def paint_bob(
    look: Look, rng: np.random.Generator, behind: Image.Image, front: Image.Image
) -> None:
    """Paint smooth hair down to the jaw, parted at the side, over the corners of the forehead."""
    behind.alpha_composite(strands(look.hair, rng, bob_paths(rng, 1300, 92, (-16.0, 11.0), 0)))
    front.alpha_composite(strands(look.hair, rng, bob_paths(rng, 1500, 66, (-5.0, 9.5), 24)))


def bob_paths(
    rng: np.random.Generator, count: int, end_y: float, reach: tuple[float, float], lift: float
) -> list[Points]:
    """Return paths from the parting over the skull and down both sides.

    `reach` is how far outside the face the hair hangs (negative: over the face). `lift` is how far
    below the top of the skull the innermost strand starts.
    """
    paths = []
    t = np.linspace(0, 1, 18)
    swing = np.minimum(1, t / 0.6)
    drop = np.maximum(0, t - 0.6) / 0.4
    for out in np.sort(rng.random(count)):  # 0 lies on the face, 1 is the outermost layer
        left = rng.random() < LEFT_SHARE
        parting = 22 + rng.normal(0, 1.2)
        beside = reach[0] + (reach[1] - reach[0]) * out
        edge = -beside if left else 64 + beside
        start_y = -37 - 6 * out + (1 - out) * lift + rng.normal(0, 0.6)
        x = parting + (edge - parting) * np.sin(swing * np.pi / 2)
        y = start_y + (14 - start_y) * (1 - np.cos(swing * np.pi / 2) ** (0.8 + 0.4 * out))
        y = y + drop * (end_y - 14 + rng.normal(0, 2.5))
        inwards = 6 * drop**2 * (1 if left else -1)
        wave = 0.7 * np.sin(9 * t + 5 * out)
        paths.append([(float(a), float(b)) for a, b in zip(x + inwards + wave, y, strict=True)])
    return paths


def paint_curls(
    look: Look, rng: np.random.Generator, behind: Image.Image, front: Image.Image
) -> None:
    """Paint short round curls over the skull, down to the ears."""
    behind.alpha_composite(strands(look.hair, rng, curl_paths(rng, 1500, 0.3, 0.3), 4))
    front.alpha_composite(strands(look.hair, rng, curl_paths(rng, 1500, 0.72, 0.93), 4))


def curl_paths(rng: np.random.Generator, count: int, inner: float, temples: float) -> list[Points]:
    """Return small rings on a cap of hair from its rim inwards, outermost first.

    `inner` and `temples` are how far inwards the rings reach above and beside the face; 1 is the
    skull.
    """
    paths = []
    turn = np.linspace(0, 4.6, 12)
    for share in np.sort(rng.random(count)):
        angle = rng.uniform(-np.pi * 1.05, np.pi * 0.05)
        beside = abs(float(np.cos(angle))) ** 3  # the temples, where eyes must stay free
        low = inner + max(0.0, temples - inner) * beside
        reach = 1.16 - (1.16 - low) * share + rng.normal(0, 0.02)
        x0, y0 = 32 + 36 * reach * np.cos(angle), 12 + 52 * reach * np.sin(angle)
        radius = rng.uniform(1.8, 4.2)
        phase = rng.uniform(0, 2 * np.pi)
        x = x0 + radius * np.cos(turn + phase)
        y = y0 + radius * np.sin(turn + phase)
        paths.append([(float(a), float(b)) for a, b in zip(x, y, strict=True)])
    return paths


def paint_beanie(
    look: Look, rng: np.random.Generator, behind: Image.Image, front: Image.Image
) -> None:
    """Paint a knitted cap down to the forehead, and some hair beside the ears."""
    behind.alpha_composite(strands(look.hair, rng, bob_paths(rng, 900, 22, (-2.0, 5.0), 0)))
    dome = [(x, min(y, -6)) for x, y in ellipse(32, -4, 38, 44)]
    front.alpha_composite(knit(look.hat, mask_of(dome), rib_px=15))
    bend = [(x, -3 + 4 * (1 - ((x - 32) / 40) ** 2)) for x in np.linspace(-7, 71, 30)]
    brim = [(float(x), float(y) + 1) for x, y in bend]
    brim += [(float(x), float(y) - 13) for x, y in reversed(bend)]
    red, green, blue = (min(255, int(c * 1.15)) for c in look.hat)
    front.alpha_composite(knit((red, green, blue), mask_of(brim), rib_px=11))


def knit(colour: Colour, mask: Image.Image, rib_px: int) -> Image.Image:
    """Fill a mask with ribbed knitwear, rounded towards its edge."""
    x = np.arange(CANVAS_PX[0], dtype=np.float32)[None]
    ribs = 0.93 + 0.07 * np.sin(2 * np.pi * x / rib_px)
    light = ribs * (0.55 + 0.45 * volume(mask, 16, 0.3, 0.95))
    return paint(colour, light, mask)


Painter = Callable[[Look, np.random.Generator, Image.Image, Image.Image], None]
STYLES: dict[str, Painter] = {"bob": paint_bob, "curls": paint_curls, "beanie": paint_beanie}
