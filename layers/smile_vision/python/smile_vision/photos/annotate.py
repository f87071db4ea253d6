"""Draw the results on a copy of the photo."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageDraw, ImageFont

from smile_vision.errors import ImageError
from smile_vision.photos.photo_smiles import PhotoFace, PhotoResult

__all__ = ["annotated", "check_folder", "save_annotated"]

_JPEG_MAX_PX = 65_500  # longest side that libjpeg writes
_SMILING = (46, 204, 113)
_NOT_SMILING = (230, 126, 34)
_UNKNOWN = (149, 165, 166)
_TEXT = (0, 0, 0)


def annotated(photo: Image.Image, result: PhotoResult) -> Image.Image:
    """Return a copy of a photo with boxes and smile scores, mode RGB.

    Parameters
    ----------
    photo
        The upright photo.
    result
        Its faces.
    """
    copy = photo.convert("RGB").copy()
    draw = ImageDraw.Draw(copy)
    for face in result.faces:
        _draw_face(draw, face, copy.size)
    return copy


def save_annotated(photo: Image.Image, result: PhotoResult, source: Path, directory: Path) -> Path:
    """Save an annotated copy as a new JPEG file and return its path.

    Parameters
    ----------
    photo, result
        See `annotated`.
    source
        The photo's file. The copy is named after it; a number makes the name unique.
    directory
        Folder of the copy; see `check_folder`.

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
    """Create the folder for annotated copies, and raise `ImageError` unless it is writable."""
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
        path.unlink(missing_ok=True)  # do not leave half a picture behind
        raise


def _draw_face(draw: ImageDraw.ImageDraw, face: PhotoFace, size: tuple[int, int]) -> None:
    colour = {True: _SMILING, False: _NOT_SMILING, None: _UNKNOWN}[face.smiling]
    line = max(round(max(size) / 400), 2)
    x, y, width, height = face.box
    draw.rectangle((x, y, x + width - 1, y + height - 1), outline=colour, width=line)
    text = face.decision
    font = ImageFont.load_default(size=max(size[0] / 60, 11))
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    above = max(y - (bottom - top) - 6, 0)
    beside = max(min(x, size[0] - (right - left) - 6), 0)
    draw.rectangle(
        (beside, above, beside + right - left + 6, above + bottom - top + 6), fill=colour
    )
    draw.text((beside + 3 - left, above + 3 - top), text, fill=_TEXT, font=font)
