"""A damaged photo file is read, or rejected with one line."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from smile_vision.errors import ImageError
from smile_vision.photos.photo import read_photo

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIC", "TIFF", "BMP", "JPEG2000", "PPM")
EXAMPLES = 60


@cache
def photo_file(kind: str) -> bytes:
    """Return a photo file with EXIF data, of several frames where the format has them."""
    noise = np.random.default_rng(1).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((48, 36), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[274] = 6
    exif[305] = "camera"
    buffer = io.BytesIO()
    if kind == "HEIC":
        pillow_heif.from_pillow(image).save(buffer, exif=exif.tobytes())
    elif kind in ("GIF", "WEBP", "PNG", "AVIF", "TIFF"):
        frames = [image.transpose(Image.Transpose.ROTATE_180)]
        # Pillow's encoder crashes when it writes EXIF data into an AVIF file with several frames.
        metadata = {} if kind == "AVIF" else {"exif": exif}
        image.save(buffer, kind, save_all=True, append_images=frames, **metadata)
    else:
        image.save(buffer, kind, exif=exif)
    return buffer.getvalue()


def read_or_reject(content: bytes) -> None:
    """Fail the test unless the file is read as a photo, or rejected with one line."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "photo"
        path.write_bytes(content)
        try:
            photo = read_photo(path)
        except ImageError as error:
            assert str(error)
            assert "\n" not in str(error)
        else:
            assert photo.image.mode == "RGB"
            assert min(photo.image.size) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_undamaged_photo_is_read(kind: str, tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(photo_file(kind))
    assert set(read_photo(tmp_path / "photo").image.size) == {36, 48}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_truncated_photo_is_read_or_rejected(kind: str, data: st.DataObject) -> None:
    content = photo_file(kind)
    read_or_reject(content[: data.draw(st.integers(0, len(content) - 1))])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_photo_with_changed_bytes_is_read_or_rejected(kind: str, data: st.DataObject) -> None:
    content = bytearray(photo_file(kind))
    # Headers are near the start: half of the changes go there.
    places = st.one_of(st.integers(0, len(content) - 1), st.integers(0, min(len(content), 128) - 1))
    changes = st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)
    for place, value in data.draw(changes):
        content[place] = value
    read_or_reject(bytes(content))
