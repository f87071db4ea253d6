"""A drawn face: nobody's likeness, and the detectors take it for one."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter

WALL = (90, 110, 140)
_HAIR = (70, 45, 30)
_SKIN = (224, 180, 150)
_WHITE = (250, 250, 250)


def draw_face(side_px: int, *, smiles: bool) -> Image.Image:
    """Draw somebody who does not exist, on a plain wall.

    Parameters
    ----------
    side_px : int
        Side of the picture; the face fills most of it.
    smiles : bool

    Returns
    -------
    Image
        RGB, ``side_px`` square.
    """
    k = side_px / 200
    image = Image.new("RGB", (side_px, side_px), WALL)
    draw = ImageDraw.Draw(image)

    def ellipse(x: float, y: float, rx: float, ry: float, colour: tuple[int, int, int]) -> None:
        draw.ellipse([(x - rx) * k, (y - ry) * k, (x + rx) * k, (y + ry) * k], fill=colour)

    ellipse(100, 90, 66, 84, _HAIR)
    ellipse(100, 105, 56, 72, _SKIN)
    for x in (76, 124):
        ellipse(x, 92, 13, 6, _WHITE)
        ellipse(x, 92, 6, 6, (60, 40, 30))
        brow = [(x - 15) * k, 79 * k, (x + 15) * k, 76 * k]
        draw.line(brow, fill=_HAIR, width=max(round(4 * k), 1))
    nose = [100 * k, 95 * k, 96 * k, 120 * k, 104 * k, 121 * k]
    draw.line(nose, fill=(190, 140, 115), width=max(round(3 * k), 1))
    if smiles:
        draw.chord([72 * k, 118 * k, 128 * k, 158 * k], 10, 170, fill=(150, 50, 50))
        draw.chord([76 * k, 124 * k, 124 * k, 148 * k], 12, 168, fill=_WHITE)
    else:
        mouth = [84 * k, 143 * k, 116 * k, 143 * k]
        draw.line(mouth, fill=(150, 70, 70), width=max(round(6 * k), 1))
    return image.filter(ImageFilter.GaussianBlur(1.2 * k))
