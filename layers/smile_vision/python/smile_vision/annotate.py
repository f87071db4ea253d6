"""Draw verdicts on a copy of the photo."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from smile_vision.errors import ImageError
from smile_vision.photo_smiles import PhotoFace, PhotoResult

__all__ = ["annotated", "save_annotated"]

_SMILING = (46, 204, 113)
_NOT_SMILING = (230, 126, 34)
_TEXT = (0, 0, 0)


def annotated(photo: Image.Image, result: PhotoResult) -> Image.Image:
    """Draw boxes and smile scores.

    Parameters
    ----------
    photo
        The upright photo that ``result`` speaks of.
    result
        Its faces.

    Returns
    -------
    Image
        A copy, mode RGB.
    """
    copy = photo.convert("RGB").copy()
    draw = ImageDraw.Draw(copy)
    for face in result.faces:
        _draw_face(draw, face, copy.size)
    return copy


def save_annotated(photo: Image.Image, result: PhotoResult, source: Path, directory: Path) -> Path:
    """Save an annotated copy as JPEG and never overwrite anything.

    Parameters
    ----------
    photo, result
        See `annotated`.
    source
        The photo's file: its name is kept.
    directory
        Where to; made when missing.

    Returns
    -------
    Path
        The new file.

    Raises
    ------
    ImageError
        The file cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            suffix = "" if number == 1 else f"-{number}"
            path = directory / f"{source.stem}-smile{suffix}.jpg"
            try:
                with path.open("xb") as file:
                    annotated(photo, result).save(file, "JPEG", quality=90)
            except FileExistsError:
                number += 1
            else:
                return path
    except OSError as error:
        raise ImageError(f"annotated copy cannot be written: {error}") from error


def _draw_face(draw: ImageDraw.ImageDraw, face: PhotoFace, size: tuple[int, int]) -> None:
    colour = _SMILING if face.smiling else _NOT_SMILING
    line = max(round(max(size) / 400), 2)
    x, y, width, height = face.box
    draw.rectangle((x, y, x + width - 1, y + height - 1), outline=colour, width=line)
    text = f"smile {face.smile_score:.2f}" if face.smiling else f"no smile {face.smile_score:.2f}"
    font = ImageFont.load_default(size=max(size[0] / 60, 11))
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    above = max(y - (bottom - top) - 6, 0)
    beside = max(min(x, size[0] - (right - left) - 6), 0)
    draw.rectangle(
        (beside, above, beside + right - left + 6, above + bottom - top + 6), fill=colour
    )
    draw.text((beside + 3 - left, above + 3 - top), text, fill=_TEXT, font=font)
