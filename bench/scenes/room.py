"""The room behind the people, wide enough for a camera that pans."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from training.clip.scene import paint_plant, paint_shelf, paint_wall, paint_window

BLUR_PX = 2.0


def paint_panorama(size: tuple[int, int], margin_px: int, reach_px: int, seed: int) -> Image.Image:
    """Return a room that continues beside the frame.

    Parameters
    ----------
    size : tuple of int
        Of the frame, (width, height) px.
    margin_px : int
        On all sides of the frame, so that the camera can shake.
    reach_px : int
        Additional width on the right, so that the camera can pan.
    seed : int
        Of books and leaves.

    Returns
    -------
    Image
        RGB, (width + 2 margins + reach, height + 2 margins).
    """
    rng = np.random.default_rng(seed)
    room = Image.fromarray(paint_wall())
    draw = ImageDraw.Draw(room)
    paint_window(draw)
    paint_shelf(draw, rng)
    paint_plant(draw, rng)
    room = room.filter(ImageFilter.GaussianBlur(BLUR_PX))
    tile = room.resize((size[0] + 2 * margin_px, size[1] + 2 * margin_px), Image.Resampling.BICUBIC)
    panorama = Image.new("RGB", (tile.width + reach_px, tile.height))
    for index, left in enumerate(range(0, panorama.width, tile.width)):
        # Every second tile is mirrored, so that the wall has no seam.
        panorama.paste(
            tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if index % 2 else tile, (left, 0)
        )
    return panorama
