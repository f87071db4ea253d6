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
from smile_vision.photos.photo import MAX_PIXELS, decode_photo, load_photo, read_photo
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


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "glass.png")
    Image.new("LA", (4, 4), (0, 0)).save(tmp_path / "grey-glass.png")
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([10, 20, 30])
    palette.save(tmp_path / "glass.gif", transparency=0)
    for name in ("glass.png", "grey-glass.png", "glass.gif"):
        assert np.asarray(load_photo(tmp_path / name)).min() == 255


def test_only_the_first_of_several_frames_is_read(corners: Image.Image, tmp_path: Path) -> None:
    black = Image.new("RGB", corners.size)
    corners.save(tmp_path / "film.gif", save_all=True, append_images=[black])
    assert difference(load_photo(tmp_path / "film.gif"), corners) <= 2


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.avif", "a.tif"])
def test_photo_says_whether_the_file_has_more_frames(
    name: str, corners: Image.Image, tmp_path: Path
) -> None:
    black = Image.new("RGB", corners.size)
    corners.save(tmp_path / f"film-{name}", save_all=True, append_images=[black])
    corners.save(tmp_path / f"still-{name}")
    film, still = read_photo(tmp_path / f"film-{name}"), read_photo(tmp_path / f"still-{name}")
    assert (film.first_frame_only, still.first_frame_only) == (True, False)
    assert np.asarray(film.image).max() == 255


def test_jpeg_with_further_pictures_counts_as_one_photo(
    corners: Image.Image, tmp_path: Path
) -> None:
    # Phones store small copies and depth in this way.
    corners.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[corners])
    assert not read_photo(tmp_path / "a.jpg").first_frame_only


def test_first_frame_is_read_when_the_next_one_is_damaged(
    corners: Image.Image, tmp_path: Path
) -> None:
    corners.save(tmp_path / "film.gif", save_all=True, append_images=[Image.new("RGB", (60, 40))])
    content = (tmp_path / "film.gif").read_bytes()
    (tmp_path / "film.gif").write_bytes(content[: content.rindex(b"\x21\xf9") + 3])
    assert difference(load_photo(tmp_path / "film.gif"), corners) <= 2


def exif_with(*entries: tuple[int, int, int, int]) -> bytes:
    """Return an EXIF block with one directory of (tag, type, count, value)."""
    packed = b"".join(struct.pack(">HHII", *entry) for entry in entries)
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, len(entries)) + packed + bytes(20)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(20),
        exif_with((ORIENTATION_TAG, 9, 1, 8), (700, 4, 1, 6 << 16)),  # Pillow: ValueError
        exif_with((282, 2, 2, 6 << 16), (ORIENTATION_TAG, 13, 1, 8)),  # Pillow: TypeError
    ],
    ids=["directory", "text instead of a number", "number instead of a text"],
)
def test_photo_with_damaged_exif_is_read(exif: bytes, corners: Image.Image, tmp_path: Path) -> None:
    corners.save(tmp_path / "photo.jpg", exif=exif)
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


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "GIF", "BMP", "PPM", "TIFF", "WEBP", "JPEG2000", "AVIF"]
)
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_error_says_damaged_when_the_file_is_truncated(
    kind: str, part: float, tmp_path: Path
) -> None:
    buffer = io.BytesIO()
    synthetic_photo([(100, 50, 300, True)]).save(buffer, kind)
    content = buffer.getvalue()
    path = tmp_path / "photo"
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(ImageError, match="image is damaged or truncated"):
        load_photo(path)
    with pytest.raises(ImageError, match="image is damaged or truncated"):
        decode_photo(path.read_bytes())


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\xff\xd8\xff\xfe\x00\x00" + bytes(100),
        b"GIF89a" + bytes(3),
        b"II*\x00" + b"\xff" * 100,
    ],
    ids=["PNG", "JPEG", "GIF", "TIFF"],
)
def test_error_says_damaged_when_the_header_is_damaged(content: bytes) -> None:
    with pytest.raises(ImageError, match="image is damaged or truncated"):
        decode_photo(content)


@pytest.mark.parametrize("text", ["Python is a language", "Put it there", "notes"])
def test_text_is_not_called_a_damaged_image(text: str) -> None:
    with pytest.raises(ImageError, match="not an image in a known format"):
        decode_photo(text.encode())


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


@pytest.mark.parametrize(
    "header",
    [
        b"P6 60000 60000 255\n",
        b"GIF89a" + struct.pack("<HHBBB", 60_000, 60_000, 0, 0, 0) + b"\x2c" + bytes(20),
        b"BM" + struct.pack("<IIIIiiHHIIiiII", 100, 0, 54, 40, 60_000, 60_000, 1, 24, *[0] * 6),
    ],
    ids=["PPM", "GIF", "BMP"],
)
def test_huge_image_is_rejected_before_it_is_decoded(header: bytes, tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(header + bytes(1000))
    with pytest.raises(ImageError, match=r"image is too large: (60000 x 60000|more than)"):
        load_photo(tmp_path / "bomb")


def test_postscript_is_rejected_even_when_its_name_is_that_of_a_photo(tmp_path: Path) -> None:
    # Pillow would give it to Ghostscript, which runs it.
    text = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n"
    (tmp_path / "photo.jpg").write_text(text)
    with pytest.raises(ImageError, match="not an image in a known format"):
        load_photo(tmp_path / "photo.jpg")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied"), "file cannot be read: permission denied"),
        (MemoryError(), "not enough memory for the image"),
        (Image.DecompressionBombError(), f"image is too large: more than {MAX_PIXELS:,} pixels"),
        (AssertionError(), "image is damaged or truncated: AssertionError$"),
        (RuntimeError("two\nlines"), "image is damaged or truncated: two lines$"),
        *(
            (kind("bad"), "image is damaged or truncated: .*bad")
            for kind in (EOFError, IndexError, KeyError, RuntimeError, SyntaxError, struct.error)
        ),
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


def test_content_in_memory_is_decoded_as_a_file_is(corners: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    corners.save(path)
    assert difference(decode_photo(path.read_bytes()).image, load_photo(path)) == 0


def test_content_is_rejected_when_it_is_empty_too_large_or_of_another_format(
    corners: Image.Image, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    corners.save(path)
    content = path.read_bytes()
    assert decode_photo(content, ("PNG",), 2400).image.size == (60, 40)
    with pytest.raises(ImageError, match=r"2,400 pixels, the limit is 2,399$"):
        decode_photo(content, ("PNG",), 2399)
    with pytest.raises(ImageError, match=r"not an image in a known format \(JPEG, WEBP\)"):
        decode_photo(content, ("JPEG", "WEBP"))
    with pytest.raises(ImageError, match=r"^file is empty$"):
        decode_photo(b"")
