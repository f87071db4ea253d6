from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smile_vision.errors import ImageError
from smile_vision.photos.photo import MAX_PIXELS, load_photo

Draw = Callable[..., Image.Image]

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
def test_photo_is_upright_when_exif_says_how_it_lies(
    orientation: int, corners: Image.Image, tmp_path: Path
) -> None:
    # What a camera held that way would have stored: the inverse of the tag's meaning.
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
def test_grey_is_the_same_when_it_is_16_bits_deep_and_uses_some_of_them(
    factor: int, tmp_path: Path
) -> None:
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


def test_first_frame_is_taken_when_there_are_several(corners: Image.Image, tmp_path: Path) -> None:
    black = Image.new("RGB", corners.size)
    corners.save(tmp_path / "film.gif", save_all=True, append_images=[black])
    assert difference(load_photo(tmp_path / "film.gif"), corners) <= 2


def test_photo_is_read_when_its_exif_is_rubbish(corners: Image.Image, tmp_path: Path) -> None:
    corners.save(tmp_path / "photo.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(20))
    assert load_photo(tmp_path / "photo.jpg").size == (60, 40)


def test_error_is_clear_when_the_file_is_no_photo(tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("these are my notes\n" * 100)
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    expected = {
        "notes.jpg": "not an image of a known kind",
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
def test_error_is_clear_when_the_file_is_truncated(
    kind: str, part: float, draw_photo: Draw, tmp_path: Path
) -> None:
    buffer = io.BytesIO()
    draw_photo([(100, 50, 300, True)]).save(buffer, kind)
    content = buffer.getvalue()
    path = tmp_path / "photo"
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(ImageError, match=r"damaged or truncated|not an image|is empty"):
        load_photo(path)


@pytest.mark.parametrize("side", [9000, 60_000])
def test_error_names_the_limit_when_a_small_file_is_a_huge_image(side: int, tmp_path: Path) -> None:
    content = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000)))):
        checksum = struct.pack(">I", zlib.crc32(name + data))
        content += struct.pack(">I", len(data)) + name + data + checksum
    (tmp_path / "bomb.png").write_bytes(content)
    with pytest.raises(ImageError, match=f"image is too large.*{MAX_PIXELS:,}"):
        load_photo(tmp_path / "bomb.png")


def test_postscript_is_refused_when_it_is_called_a_photo(tmp_path: Path) -> None:
    # Pillow would hand it to Ghostscript, which runs what it says.
    text = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n"
    (tmp_path / "photo.jpg").write_text(text)
    with pytest.raises(ImageError, match="not an image of a known kind"):
        load_photo(tmp_path / "photo.jpg")


@pytest.mark.parametrize("odd", [1.05, np.inf, np.nan])
def test_picture_stays_when_one_float_pixel_is_odd(tmp_path: Path, odd: float) -> None:
    values = np.tile(np.linspace(0, 0.9, 64, dtype=np.float32), (64, 1))
    values[0, 0] = odd
    Image.fromarray(values).save(tmp_path / "float.tif")
    grey = np.asarray(load_photo(tmp_path / "float.tif").convert("L"))
    assert grey[32, 63] == pytest.approx(230, abs=2)


def test_picture_stays_when_one_deep_pixel_is_hot(tmp_path: Path) -> None:
    values = np.tile(np.linspace(0, 4095, 64).astype(np.uint16), (64, 1))  # 12 bits
    values[0, 0] = 65535
    Image.fromarray(values).save(tmp_path / "deep.png")
    grey = np.asarray(load_photo(tmp_path / "deep.png").convert("L"))
    assert grey[32, 63] == 255
