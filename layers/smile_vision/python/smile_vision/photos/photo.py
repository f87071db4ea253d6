"""Read a photo file of any common format as upright RGB."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from smile_vision.errors import ImageError
from smile_vision.photos.heic import enable_heic, is_heic

__all__ = ["FORMATS", "MAX_PIXELS", "Photo", "decode_photo", "load_photo", "read_photo"]

MAX_PIXELS = 80_000_000
"""Larger photos are rejected before decoding. This many take 240 MB as RGB, and up to 1 GB while
they are decoded."""

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000", "AVIF")
"""Accepted formats, and HEIC where pillow-heif is installed. Pillow knows more, but it would run
Ghostscript on a PostScript file."""

_GREY_BITS = 8
_PEAK_PERCENTILE = 99.9
_UNIT_PEAK = 2.0  # floats up to this peak mean 0 to 1, with some overshoot
_WHITE = (255, 255, 255, 255)
# Formats whose further frames are more of the same scene. A JPEG or HEIC file of a phone may hold
# further pictures too: small copies and depth.
_ANIMATED = ("GIF", "PNG", "WEBP", "AVIF", "TIFF")
# A text can begin like these formats, because their signature is two letters.
_TEXT_SIGNATURE = ("BMP", "PPM")
_SIGNATURE_BYTES = 16  # what Pillow itself compares


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photo file's picture.

    Parameters
    ----------
    image
        Mode RGB, decoded and upright.
    first_frame_only
        Whether the file has further frames or pages, which are ignored.
    """

    image: Image.Image
    first_frame_only: bool


def load_photo(path: Path) -> Image.Image:
    """Return the image of `read_photo`."""
    return read_photo(path).image


def read_photo(path: Path) -> Photo:
    """Read a photo, rotate it as its EXIF orientation says, and convert it to RGB.

    Parameters
    ----------
    path
        A file in one of `FORMATS`. Only the first frame is read. Transparent parts become white.

    Returns
    -------
    Photo

    Raises
    ------
    ImageError
        The file is missing, empty, a directory, not an image or damaged, the image has more than
        `MAX_PIXELS` pixels, or it is a HEIC photo and pillow-heif is missing.
    """
    _check_file(path)
    formats: Sequence[str] = FORMATS
    try:
        if is_heic(path):
            enable_heic()
            formats = ("HEIF",)
        return _decode(path, formats, MAX_PIXELS)
    except PermissionError as error:
        raise ImageError("file cannot be read: permission denied") from error
    except OSError as error:
        raise ImageError(f"file cannot be read: {error}") from error


def decode_photo(
    content: bytes, formats: Sequence[str] = FORMATS, max_pixels: int = MAX_PIXELS
) -> Photo:
    """Decode the content of a photo file as `read_photo` does; the disk is not used.

    Parameters
    ----------
    content
        The bytes of the file.
    formats
        Accepted formats, some of `FORMATS`.
    max_pixels
        Larger photos are rejected before decoding.

    Returns
    -------
    Photo

    Raises
    ------
    ImageError
        The content is empty, not an image in one of the formats or damaged, or the image has more
        than `max_pixels` pixels.
    """
    if not content:
        raise ImageError("file is empty")
    return _decode(io.BytesIO(content), formats, max_pixels)


def _decode(file: Path | io.BytesIO, formats: Sequence[str], max_pixels: int) -> Photo:
    try:
        with warnings.catch_warnings():
            # Pillow warns at a limit of its own; the check below applies ours.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=tuple(formats)) as image:
                _check_size(*image.size, max_pixels)
                image.load()
                return Photo(_as_rgb(_upright(image)), _has_more_frames(image))
    except (ImageError, PermissionError):
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(f"image is too large: more than {max_pixels:,} pixels") from error
    except UnidentifiedImageError as error:
        if "HEIF" in formats:
            raise ImageError("image is damaged or truncated: no HEIC picture") from error
        name = _signed_format(file, formats)
        if name:
            raise ImageError(f"image is damaged or truncated: no {name} picture") from error
        raise ImageError(f"not an image in a known format ({', '.join(formats)})") from error
    except MemoryError as error:
        raise ImageError("not enough memory for the image") from error
    except Exception as error:  # a decoder raises anything on a damaged file
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageError(f"image is damaged or truncated: {reason}") from error


def _signed_format(file: Path | io.BytesIO, formats: Sequence[str]) -> str | None:
    """Return the format, one of `formats`, whose signature a file has."""
    content = io.BytesIO(file.getvalue()) if isinstance(file, io.BytesIO) else file.open("rb")
    with content:
        signature = content.read(_SIGNATURE_BYTES)
    for name in formats:
        _, has_signature = Image.OPEN[name]
        # Pillow returns a text when it knows the signature and lacks the decoder.
        if name not in _TEXT_SIGNATURE and has_signature and has_signature(signature) is True:
            return name
    return None


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


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise ImageError(
            f"image is too large: {width} x {height} is {width * height:,} pixels, "
            f"the limit is {max_pixels:,}"
        )


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - the picture may be fine although its EXIF block is not
        return image


def _has_more_frames(image: Image.Image) -> bool:
    """Return whether the file has more frames. It may be damaged after the first one."""
    if image.format not in _ANIMATED:
        return False
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # noqa: BLE001 - see `read_photo`
        return True


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, _WHITE), rgba).convert("RGB")
    return image.convert("RGB")


def _eight_bits(grey: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Reduce deep grey to 8 bits. The brightest pixels show how many bits are in use.

    One pixel in a thousand is ignored: a sensor may have a few hot ones.
    """
    values = np.asarray(grey, dtype=np.float32)
    values = np.where(np.isfinite(values), values, 0).clip(0)
    peak = float(np.percentile(values, _PEAK_PERCENTILE, method="higher"))
    if np.issubdtype(grey.dtype, np.floating) and peak <= _UNIT_PEAK:
        return np.asarray(np.rint(values.clip(max=1) * 255), dtype=np.uint8)
    bits = max(int(peak).bit_length(), _GREY_BITS)
    eight: NDArray[np.uint8] = (values / 2 ** (bits - _GREY_BITS)).clip(max=255).astype(np.uint8)
    return eight
