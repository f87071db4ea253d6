"""Paint the room behind the people: a window, a shelf and a plant, out of focus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from training.clip.storyboard import HEIGHT_PX, WIDTH_PX

WALL_COLOUR = (205, 192, 172)
BOOK_COLOURS = ((126, 74, 60), (84, 104, 112), (168, 140, 88), (98, 84, 92), (112, 120, 84))


def paint_room(seed: int) -> Image.Image:
    """Return the blurred background, RGB (`WIDTH_PX`, `HEIGHT_PX`)."""
    rng = np.random.default_rng(seed)
    room = Image.fromarray(paint_wall())
    draw = ImageDraw.Draw(room)
    paint_window(draw)
    paint_shelf(draw, rng)
    paint_plant(draw, rng)
    return room.filter(ImageFilter.GaussianBlur(13))


def paint_wall() -> NDArray[np.uint8]:
    """Return a warm wall that gets darker with the distance from the window."""
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
    light = 0.98 - 0.26 * (x / WIDTH_PX) - 0.14 * (y / HEIGHT_PX)
    return np.asarray(light[..., None] * np.array(WALL_COLOUR), np.uint8)


def paint_window(draw: ImageDraw.ImageDraw) -> None:
    """Paint a window with a cross-bar and a curtain at the left."""
    draw.rectangle((330, 30, 520, 420), fill=(236, 238, 234))
    draw.rectangle((330, 250, 520, 420), fill=(206, 220, 206))
    draw.rectangle((419, 30, 431, 420), fill=(170, 156, 138))
    draw.rectangle((330, 218, 520, 230), fill=(170, 156, 138))
    draw.rectangle((296, 10, 344, 640), fill=(186, 160, 130))
    draw.rectangle((506, 10, 540, 640), fill=(176, 150, 122))


def paint_shelf(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """Paint two shelves of books at the right."""
    for board_y in (210, 400):
        x = 770
        for _ in range(11):
            width, height = int(rng.integers(14, 30)), int(rng.integers(80, 130))
            colour = BOOK_COLOURS[int(rng.integers(len(BOOK_COLOURS)))]
            draw.rectangle((x, board_y - height, x + width - 2, board_y), fill=colour)
            x += width
        draw.rectangle((750, board_y, 1250, board_y + 14), fill=(120, 92, 66))
    draw.rectangle((1060, 60, 1230, 190), fill=(226, 216, 198), outline=(120, 92, 66), width=10)


def paint_plant(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """Paint a leafy plant in the left corner."""
    for _ in range(46):
        x, y = rng.normal(36, 34), rng.normal(330, 110)
        length, breadth = rng.uniform(34, 60), rng.uniform(12, 22)
        green = (int(rng.integers(50, 86)), int(rng.integers(92, 130)), int(rng.integers(56, 80)))
        draw.ellipse((x - breadth, y - length, x + breadth, y + length), fill=green)
