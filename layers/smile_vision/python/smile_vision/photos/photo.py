"""Read a photo from a file, whatever kind it is, as upright RGB."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from smile_vision.errors import ImageError

__all__ = ["FORMATS", "MAX_PIXELS", "load_photo"]

MAX_PIXELS = 80_000_000
"""Larger photos are refused before they are decoded (240 MB as RGB, up to 1 GB while reading)."""

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000", "AVIF")
"""What is read. Not all that Pillow knows: it would run Ghostscript on a PostScript file."""

_GREY_BITS = 8
_PEAK_PERCENTILE = 99.9
_UNIT_PEAK = 2.0  # floats up to here run from 0 to 1, overshoot included
_WHITE = (255, 255, 255, 255)
_BROKEN_FILE = (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, KeyError)


def load_photo(path: Path) -> Image.Image:
    """Read a photo, turn it upright by its EXIF orientation and make it RGB.

    Parameters
    ----------
    path
        A file of one of `FORMATS`. Of several frames the first is taken; transparency is
        laid on white.

    Returns
    -------
    Image
        Mode RGB, decoded.

    Raises
    ------
    ImageError
        The file is missing, empty, a directory, no image, truncated, or has more than
        `MAX_PIXELS` pixels.
    """
    _check_file(path)
    try:
        with warnings.catch_warnings():
            # Pillow warns of bombs at a limit of its own; ours is checked just below.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                _check_size(*image.size)
                image.load()
                _check_size(*image.size)  # some formats tell their size only now
                return _as_rgb(_upright(image))
    except Image.DecompressionBombError as error:
        raise ImageError(f"image is too large: more than {MAX_PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        raise ImageError(f"not an image of a known kind ({', '.join(FORMATS)})") from error
    except PermissionError as error:
        raise ImageError("file cannot be read: permission denied") from error
    except MemoryError as error:
        raise ImageError("not enough memory for the image") from error
    except _BROKEN_FILE as error:
        raise ImageError(f"image is damaged or truncated: {error}") from error


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise ImageError("is a directory, not an image")
        if not path.exists():
            raise ImageError("no such file")
        if not path.is_file():
            raise ImageError("not a regular file")
        if path.stat().st_size == 0:
            raise ImageError("file is empty")
    except (OSError, ValueError) as error:
        raise ImageError(f"file cannot be read: {error}") from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"image is too large: {width} x {height} is {width * height:,} pixels, "
            f"the limit is {MAX_PIXELS:,}"
        )


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN_FILE:
        return image  # an unreadable EXIF block says nothing about the picture


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, _WHITE), rgba).convert("RGB")
    return image.convert("RGB")


def _eight_bits(grey: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Reduce deep grey to 8 bits; the brightest pixels tell how many of its bits are used.

    The brightest but one in a thousand: a few hot pixels of a sensor say nothing.
    """
    values = np.asarray(grey, dtype=np.float32)
    values = np.where(np.isfinite(values), values, 0).clip(0)
    peak = float(np.percentile(values, _PEAK_PERCENTILE, method="higher"))
    if np.issubdtype(grey.dtype, np.floating) and peak <= _UNIT_PEAK:
        return np.asarray(np.rint(values.clip(0, 1) * 255), dtype=np.uint8)
    bits = max(int(peak).bit_length(), _GREY_BITS)
    eight: NDArray[np.uint8] = (values / 2 ** (bits - _GREY_BITS)).clip(0, 255).astype(np.uint8)
    return eight
