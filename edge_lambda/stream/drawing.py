"""Draw boxes, scores and the frame rate into a JPEG picture."""

from __future__ import annotations

import io
from functools import lru_cache

from av.video.reformatter import VideoReformatter
from PIL import Image, ImageChops, ImageDraw, ImageFont

from edge_lambda.polygon import Polygon
from edge_lambda.stream.scene import FaceMark, Overlay, Scene
from smile_vision.faces.boxes import clipped

_SMILING = (46, 204, 113)
_NOT_SMILING = (230, 126, 34)
_UNKNOWN = (149, 165, 166)
_TEXT = (0, 0, 0)
_BAR = (236, 240, 241)
_PAUSED = (44, 62, 80)
_ZONE = (52, 152, 219)
_DIM = 0.4  # brightness of the parts in which no face counts
_JPEG_QUALITY = 80


class SceneRenderer:
    """Turns scenes into JPEG pictures. For use by one thread.

    Parameters
    ----------
    title : str
        Text in the lower left corner.
    max_px : int
        Maximum longer side of the picture. Smaller frames keep their size.
    """

    def __init__(self, title: str, max_px: int) -> None:
        self._title = title
        self._max_px = max_px
        # Not the one of the frame, which the loop uses at the same time.
        self._reformatter = VideoReformatter()

    def jpeg(self, scene: Scene) -> bytes:
        """Return the annotated frame, upright, as a JPEG file."""
        image = self._background(scene)
        draw = ImageDraw.Draw(image)
        for polygon in scene.overlay.include + scene.overlay.ignore:
            draw.polygon(_in_px(polygon, image.size), outline=_ZONE, width=_line(image.size) // 2)
        for face in scene.faces:
            _draw_face(draw, face, image.size)
        text = self._title
        if scene.frame_rate is not None:
            text += f"  {scene.frame_rate:.1f} frames/s"
        if scene.overlay.is_paused:
            text += "  paused"
        _draw_label(draw, text, (0, image.size[1]), _BAR, image.size)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=_JPEG_QUALITY)
        return file.getvalue()

    def _background(self, scene: Scene) -> Image.Image:
        """Return the frame, dark where no face counts; nothing of it while paused."""
        frame = scene.frame
        longer_px = max(frame.width, frame.height)
        long_side_px = min(self._max_px, longer_px)
        if scene.overlay.is_paused:
            scale = long_side_px / longer_px
            size = round(frame.width * scale), round(frame.height * scale)
            return Image.new("RGB", size, _PAUSED)
        image = Image.fromarray(frame.rgb(long_side_px, self._reformatter))
        if scene.overlay.include or scene.overlay.ignore:
            image = ImageChops.multiply(image, _light(scene.overlay, image.size))
        return image


@lru_cache(maxsize=2)
def _light(overlay: Overlay, size: tuple[int, int]) -> Image.Image:
    """Return a picture that is white where faces count and grey elsewhere."""
    dim = round(255 * _DIM)
    light = Image.new("L", size, dim if overlay.include else 255)
    draw = ImageDraw.Draw(light)
    for polygons, level in ((overlay.include, 255), (overlay.ignore, dim)):
        for polygon in polygons:
            draw.polygon(_in_px(polygon, size), fill=level)
    return light.convert("RGB")


def _in_px(polygon: Polygon, size: tuple[int, int]) -> list[tuple[float, float]]:
    return [(x * (size[0] - 1), y * (size[1] - 1)) for x, y in polygon]


def _line(size: tuple[int, int]) -> int:
    return max(round(max(size) / 400), 2)


def _draw_face(draw: ImageDraw.ImageDraw, face: FaceMark, size: tuple[int, int]) -> None:
    known = _SMILING if face.is_smiling else _NOT_SMILING
    colour = known if face.problem is None else _UNKNOWN
    line = _line(size)
    x, y, width, height = clipped(face.box)
    left, top = round(x * size[0]), round(y * size[1])
    right = max(round((x + width) * size[0]) - 1, left)
    bottom = max(round((y + height) * size[1]) - 1, top)
    draw.rectangle((left, top, right, bottom), outline=colour, width=line)
    state = "smile" if face.is_smiling else "no smile"
    result = f"{state} {face.smile_score:.2f}" if face.problem is None else face.problem
    text = f"{result}  face {face.track_id}"
    _draw_label(draw, text, (left, top), colour, size)


def _draw_label(
    draw: ImageDraw.ImageDraw,
    text: str,
    corner: tuple[int, int],
    colour: tuple[int, int, int],
    size: tuple[int, int],
) -> None:
    """Draw `text` on a coloured background above `corner`, inside the picture."""
    font = _font(max(size[0] // 55, 11))
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, height = right - left + 8, bottom - top + 8
    x = max(min(corner[0], size[0] - width), 0)
    y = max(min(corner[1], size[1]) - height, 0)
    draw.rectangle((x, y, x + width - 1, y + height - 1), fill=colour)
    draw.text((x + 4 - left, y + 4 - top), text, fill=_TEXT, font=font)


@lru_cache(maxsize=4)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size_px)
