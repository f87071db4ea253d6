"""HEIC photos are read where pillow-heif is installed; elsewhere the error says what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from smile_vision.errors import ImageError
from smile_vision.photos.heic import is_heic
from smile_vision.photos.photo import load_photo, read_photo
from smile_vision.photos.photo_smiles import PhotoSmileDetector
from tests.helpers.synthetic_photos import synthetic_photo

ORIENTATION_TAG = 274


def save_heic(image: Image.Image, path: Path, orientation: int = 1) -> Path:
    """Save a HEIC photo, as a phone does that is held in that orientation."""
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    # Through the package itself: the command must work without a registered Pillow plugin.
    file = pillow_heif.from_pillow(image)
    file.save(path, quality=90, exif=exif.tobytes())
    return path


@pytest.mark.parametrize("name", ["photo.heic", "photo.jpg"])
def test_face_is_found_in_a_heic_photo_with_any_name(name: str, tmp_path: Path) -> None:
    path = save_heic(synthetic_photo([(100, 50, 300, True)]), tmp_path / name)
    result = PhotoSmileDetector.load().read(path)
    (face,) = result.faces
    assert (result.width, result.height, result.first_frame_only) == (640, 480, False)
    assert face.smiling


def test_heic_photo_is_turned_once(tmp_path: Path) -> None:
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[:32, :48] = 255  # white above left
    stored = Image.fromarray(pixels).transpose(Image.Transpose.ROTATE_90)
    photo = np.asarray(load_photo(save_heic(stored, tmp_path / "a.heic", orientation=6)))
    assert photo.shape == pixels.shape
    assert np.abs(photo.astype(int) - pixels)[8:24, 8:40].max() < 20
    assert photo[40:].max() < 60


def test_error_says_what_to_do_when_pillow_heif_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_heic(Image.new("RGB", (64, 64)), tmp_path / "photo.heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r"run `pip install pillow-heif`, or convert .* JPEG"):
        read_photo(path)


@pytest.mark.parametrize("part", [0.05, 0.3, 0.9])
def test_error_is_clear_when_a_heic_photo_is_truncated(part: float, tmp_path: Path) -> None:
    path = save_heic(synthetic_photo([(100, 50, 300, True)]), tmp_path / "photo.heic")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(ImageError, match="image is damaged or truncated"):
        read_photo(path)


@pytest.mark.parametrize(
    ("header", "heic"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", True),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", True),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif" + b"heic", False),  # after the box
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1miaf", False),
        (b"\0\0\0\x18ftypmif1heicmif1avif", False),  # the version is not a brand
        (b"\0\0\0\x18freeheic\0\0\0\0heicheic", False),
        (b"\0\0\0\x18ft", False),
    ],
)
def test_heic_is_recognized_by_its_brands(header: bytes, heic: bool, tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(header)
    assert is_heic(tmp_path / "photo") is heic
