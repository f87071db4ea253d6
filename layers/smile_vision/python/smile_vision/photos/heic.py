"""Read the HEIC photos of phones with pillow-heif, an optional package."""

from __future__ import annotations

from pathlib import Path

from smile_vision.errors import ImageError

__all__ = ["enable_heic", "is_heic"]

# Brands of HEIF files whose pictures are HEVC, ISO/IEC 23008-12, annex B. AVIF has brands of its
# own.
_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"))
_HEADER_BYTES = 256


def is_heic(path: Path) -> bool:
    """Return whether a file says that it is a HEIC photo; its name does not matter.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if header[4:8] != b"ftyp":
        return False
    box = header[: int.from_bytes(header[:4])]
    major, compatible = box[8:12], box[16:]  # the minor version is between them
    brands = {major, *(compatible[i : i + 4] for i in range(0, len(compatible), 4))}
    return not _BRANDS.isdisjoint(brands)


def enable_heic() -> None:
    """Make Pillow read HEIC files, which it names ``HEIF``.

    Raises
    ------
    ImageError
        pillow-heif is not installed.
    """
    try:
        import pillow_heif  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ImageError(
            "HEIC photos need another package: run `pip install pillow-heif`, "
            "or convert the photo to JPEG"
        ) from error
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
