"""Draw verdicts on a copy of the photo."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageDraw, ImageFont

from smile_vision.errors import ImageError
from smile_vision.photos.photo_smiles import PhotoFace, PhotoResult

__all__ = ["annotated", "check_folder", "save_annotated"]

_JPEG_MAX_PX = 65_500  # of a side, in libjpeg
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
        Where to; see `check_folder`.

    Returns
    -------
    Path
        The new file.

    Raises
    ------
    ImageError
        The file cannot be written.
    """
    copy = annotated(photo, result)
    copy.thumbnail((_JPEG_MAX_PX, _JPEG_MAX_PX))
    try:
        number = 1
        while True:
            suffix = "" if number == 1 else f"-{number}"
            path = directory / f"{source.stem}-smile{suffix}.jpg"
            try:
                with path.open("xb") as file:
                    _save_jpeg(copy, file, path)
            except FileExistsError:
                number += 1
            else:
                return path
    except OSError as error:
        raise ImageError(f"annotated copy cannot be written: {error}") from error


def check_folder(directory: Path) -> None:
    """Make a folder for annotated copies and see that it can be written.

    Raises
    ------
    ImageError
        It cannot.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        raise ImageError(
            f"--annotate {directory}: {(error.strerror or 'cannot be written').lower()}"
        ) from error


def _save_jpeg(copy: Image.Image, file: BinaryIO, path: Path) -> None:
    try:
        copy.save(file, "JPEG", quality=90)
    except OSError:
        path.unlink(missing_ok=True)  # half a picture helps nobody
        raise


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
