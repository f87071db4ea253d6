"""Photo files of any common format are read upright and in colour, or rejected with a reason."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smile_vision.errors import ImageError
from smile_vision.photos.photo import MAX_PIXELS, load_photo
from tests.helpers.synthetic_photos import synthetic_photo

ORIENTATION_TAG = 274


@pytest.fixture
def corners() -> Image.Image:
    """60 x 40 px: red, green over blue, white."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20, :30] = 255, 0, 0
    pixels[:20, 30:] = 0, 255, 0
    pixels[20:, :30] = 0, 0, 255
    pixels[20:, 30:] = 255, 255, 255
    return Image.fromarray(pixels)


def difference(photo: Image.Image, expected: Image.Image) -> int:
    assert (photo.mode, photo.size) == ("RGB", expected.size)
    return int(np.abs(np.asarray(photo).astype(int) - np.asarray(expected)).max())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photo_is_upright_for_every_exif_orientation(
    orientation: int, corners: Image.Image, tmp_path: Path
) -> None:
    # What a camera in that position stores: the inverse of the tag's meaning.
    method = Image.Transpose
    stored = {
        1: None,
        2: method.FLIP_LEFT_RIGHT,
        3: method.ROTATE_180,
        4: method.FLIP_TOP_BOTTOM,
        5: method.TRANSPOSE,
        6: method.ROTATE_90,
        7: method.TRANSVERSE,
        8: method.ROTATE_270,
    }[orientation]
    image = corners if stored is None else corners.transpose(stored)
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    image.save(tmp_path / "photo.png", exif=exif)
    assert difference(load_photo(tmp_path / "photo.png"), corners) == 0


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "RGBA", "YCbCr"])
def test_colours_are_kept_when_the_file_has_another_mode(
    mode: str, corners: Image.Image, tmp_path: Path
) -> None:
    image = corners.convert(mode)
    path = tmp_path / ("photo.tiff" if mode in ("CMYK", "YCbCr") else "photo.png")
    image.save(path)
    expected = image.convert("RGB")
    assert difference(load_photo(path), expected) <= 2


def test_colours_are_kept_when_a_jpeg_is_cmyk(corners: Image.Image, tmp_path: Path) -> None:
    corners.convert("CMYK").save(tmp_path / "photo.jpg", quality=100)
    assert difference(load_photo(tmp_path / "photo.jpg"), corners) <= 12


@pytest.mark.parametrize("factor", [257, 16, 1])
def test_grey_is_the_same_when_it_uses_8_to_16_bits(factor: int, tmp_path: Path) -> None:
    eight = np.tile(np.arange(256, dtype=np.uint16), (8, 1))
    Image.fromarray(eight * np.uint16(factor)).save(tmp_path / "deep.png")
    photo = np.asarray(load_photo(tmp_path / "deep.png"))
    assert np.abs(photo[..., 0].astype(int) - eight).max() <= 1


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "glass.png")
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([10, 20, 30])
    palette.save(tmp_path / "glass.gif", transparency=0)
    for name in ("glass.png", "glass.gif"):
        assert np.asarray(load_photo(tmp_path / name)).min() == 255


def test_only_the_first_of_several_frames_is_read(corners: Image.Image, tmp_path: Path) -> None:
    black = Image.new("RGB", corners.size)
    corners.save(tmp_path / "film.gif", save_all=True, append_images=[black])
    assert difference(load_photo(tmp_path / "film.gif"), corners) <= 2


def test_photo_with_unreadable_exif_is_read(corners: Image.Image, tmp_path: Path) -> None:
    corners.save(tmp_path / "photo.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(20))
    assert load_photo(tmp_path / "photo.jpg").size == (60, 40)


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.png", "a.gif", "a.webp", "a.tif", "a.bmp", "a.ppm", "a.jp2", "a.avif"]
)
def test_every_common_format_is_read(name: str, tmp_path: Path) -> None:
    red = Image.new("RGB", (40, 30), (200, 10, 10))
    red.save(tmp_path / name)
    assert difference(load_photo(tmp_path / name), red) <= 4


def test_photo_of_60_megapixels_is_read(tmp_path: Path) -> None:
    Image.new("1", (8000, 7500)).save(tmp_path / "large.png")
    assert load_photo(tmp_path / "large.png").size == (8000, 7500)


def test_error_is_clear_when_the_file_is_not_a_photo(tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("these are my notes\n" * 100)
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    expected = {
        "notes.jpg": "not an image in a known format",
        "empty.jpg": "file is empty",
        "folder.jpg": "is a directory",
        "pipe.jpg": "not a regular file",
        "missing.jpg": "no such file",
        "nul\0.jpg": "no such file|cannot be read",
        "n" * 300 + ".jpg": "cannot be read",
    }
    for name, message in expected.items():
        with pytest.raises(ImageError, match=message):
            load_photo(tmp_path / name)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_error_is_clear_when_the_file_is_truncated(kind: str, part: float, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    synthetic_photo([(100, 50, 300, True)]).save(buffer, kind)
    content = buffer.getvalue()
    path = tmp_path / "photo"
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(ImageError, match=r"damaged or truncated|not an image|is empty"):
        load_photo(path)


@pytest.mark.parametrize("side", [9000, 60_000])
def test_error_names_the_limit_when_a_small_file_holds_a_huge_image(
    side: int, tmp_path: Path
) -> None:
    content = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000)))):
        checksum = struct.pack(">I", zlib.crc32(name + data))
        content += struct.pack(">I", len(data)) + name + data + checksum
    (tmp_path / "bomb.png").write_bytes(content)
    with pytest.raises(ImageError, match=f"image is too large.*{MAX_PIXELS:,}"):
        load_photo(tmp_path / "bomb.png")


def test_postscript_is_rejected_even_when_its_name_is_that_of_a_photo(tmp_path: Path) -> None:
    # Pillow would give it to Ghostscript, which runs it.
    text = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n"
    (tmp_path / "photo.jpg").write_text(text)
    with pytest.raises(ImageError, match="not an image in a known format"):
        load_photo(tmp_path / "photo.jpg")


@pytest.mark.parametrize("odd", [1.05, np.inf, np.nan])
def test_one_odd_pixel_does_not_change_a_photo_of_floats(tmp_path: Path, odd: float) -> None:
    values = np.tile(np.linspace(0, 0.9, 64, dtype=np.float32), (64, 1))
    values[0, 0] = odd
    Image.fromarray(values).save(tmp_path / "float.tif")
    grey = np.asarray(load_photo(tmp_path / "float.tif").convert("L"))
    assert grey[32, 63] == pytest.approx(230, abs=2)


def test_one_hot_pixel_does_not_change_a_deep_photo(tmp_path: Path) -> None:
    values = np.tile(np.linspace(0, 4095, 64).astype(np.uint16), (64, 1))  # 12 bits
    values[0, 0] = 65535
    Image.fromarray(values).save(tmp_path / "deep.png")
    grey = np.asarray(load_photo(tmp_path / "deep.png").convert("L"))
    assert grey[32, 63] == 255


def test_bright_part_of_a_deep_photo_is_white_and_its_dark_part_stays_dark(tmp_path: Path) -> None:
    values = np.full((64, 64), 200, np.uint16)
    values[:2] = 4000  # 3 % of a 12-bit photo
    Image.fromarray(values).save(tmp_path / "deep.png")
    grey = np.asarray(load_photo(tmp_path / "deep.png").convert("L"))
    assert (grey[0, 0], grey[32, 32]) == (250, 12)


@pytest.mark.parametrize(
    ("peak", "grey"),
    [(1.8, 128), (2.5, 0)],  # 0 to 1 with overshoot; or already in grey levels
)
def test_range_of_a_photo_of_floats_is_recognized_by_its_peak(
    peak: float, grey: int, tmp_path: Path
) -> None:
    values = np.full((64, 64), 0.5, np.float32)
    values[:2] = peak
    Image.fromarray(values).save(tmp_path / "float.tif")
    read = np.asarray(load_photo(tmp_path / "float.tif").convert("L"))
    assert read[32, 32].item() == grey
    assert read[0, 0].item() == (255 if grey else 2)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied"), "file cannot be read: permission denied"),
        (MemoryError(), "not enough memory for the image"),
        (Image.DecompressionBombError(), f"image is too large: more than {MAX_PIXELS:,} pixels"),
        (struct.error("bad"), "image is damaged or truncated: bad"),
    ],
)
def test_error_is_clear_when_pillow_fails(
    error: Exception, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise error

    Image.new("RGB", (4, 4)).save(tmp_path / "photo.png")
    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(ImageError, match=message):
        load_photo(tmp_path / "photo.png")


def test_nothing_is_printed_when_a_photo_is_large(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    assert limit is not None
    Image.new("1", (10_000, 10)).save(tmp_path / "photo.png")
    try:
        Image.MAX_IMAGE_PIXELS = 60_000  # Pillow warns above its limit, and fails above twice it
        load_photo(tmp_path / "photo.png")
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    assert not recwarn.list
