"""Annotated copies show boxes and scores, and never overwrite a file."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from PIL import Image

from smile_vision.errors import ImageError
from smile_vision.photos.annotate import annotated, check_folder, save_annotated
from smile_vision.photos.photo_smiles import PhotoFace, PhotoResult
from smile_vision.smiles.quality import Quality

GREEN, ORANGE, GREY = (46, 204, 113), (230, 126, 34), (149, 165, 166)
SMILE = PhotoFace((100, 100, 80, 90), 0.9, 0.93, True)
NO_SMILE = PhotoFace((300, 120, 60, 70), 0.9, 0.11, False)
HIDDEN = PhotoFace((200, 150, 60, 70), 0.9, None, None, Quality.COVERED)


def annotated_pixels(*faces: PhotoFace, size: tuple[int, int] = (400, 300)) -> np.ndarray:
    """Return an annotated grey photo, uint8 (H, W, 3)."""
    photo = Image.new("RGB", size, (128, 128, 128))
    copy = annotated(photo, PhotoResult(*size, faces))
    assert photo.getcolors() == [(size[0] * size[1], (128, 128, 128))]  # the photo is unchanged
    return np.asarray(copy)


@pytest.mark.parametrize(("face", "colour"), [(SMILE, GREEN), (NO_SMILE, ORANGE), (HIDDEN, GREY)])
def test_box_is_green_around_a_smile_grey_without_a_score_and_orange_otherwise(
    face: PhotoFace, colour: tuple[int, int, int]
) -> None:
    pixels = annotated_pixels(face)
    x, y, width, height = face.box
    for column, row in (
        (x, y + height // 2),
        (x + 1, y + height // 2),
        (x + width - 1, y + height // 2),
        (x + width // 2, y + height - 1),
    ):
        assert tuple(pixels[row, column]) == colour
    for column, row in ((x - 1, y + 40), (x + width, y + 40), (x + 20, y + height)):
        assert tuple(pixels[row, column]) == (128, 128, 128)
    inside = pixels[y + 3 : y + height - 3, x + 3 : x + width - 3]
    assert (inside == 128).all()


def test_score_stands_above_the_box_in_black_on_the_colour_of_the_box() -> None:
    pixels = annotated_pixels(SMILE)
    label = pixels[80:100, 100:130]
    assert (label == GREEN).all(axis=2).any()
    assert (label.max(axis=2) < 60).any()
    other_score = PhotoFace(SMILE.box, 0.9, 0.81, True)
    assert (pixels != annotated_pixels(other_score)).any()


@pytest.mark.parametrize("box", [(0, 0, 40, 40), (370, 0, 30, 40), (395, 290, 5, 10)])
def test_label_stays_inside_the_photo(box: tuple[int, int, int, int]) -> None:
    alone = annotated_pixels(PhotoFace(box, 0.9, 0.9, True))
    roomy = annotated_pixels(PhotoFace((200, 150, box[2], box[3]), 0.9, 0.9, True))

    def label_pixels(pixels: np.ndarray) -> int:
        return int((pixels.max(axis=2) < 60).sum())

    assert label_pixels(alone) == label_pixels(roomy) > 0


def test_label_starts_at_the_left_of_its_box_and_says_whether_the_face_smiles() -> None:
    widths = []
    for smiling, colour in ((True, GREEN), (False, ORANGE)):
        pixels = annotated_pixels(PhotoFace((250, 100, 40, 40), 0.9, 0.5, smiling))
        (label,) = (pixels[:98] == colour).all(axis=2).any(axis=0).nonzero()
        assert label.min() == 250
        widths.append(label.max() - label.min())
    assert widths[1] > widths[0] + 10  # "no smile" is longer than "smile"


def test_label_says_why_there_is_no_score() -> None:
    turned = PhotoFace(HIDDEN.box, 0.9, None, None, Quality.TURNED)
    assert (annotated_pixels(HIDDEN) != annotated_pixels(turned)).any()


def test_lines_and_text_grow_with_the_photo() -> None:
    large = annotated_pixels(PhotoFace((1000, 1000, 800, 800), 0.9, 0.9, True), size=(3000, 2000))
    assert (large[1400, 1000:1007] == GREEN).all()
    assert (large[900:1000, 1000:1200] == GREEN).all(axis=2).sum() > 5000


def test_copies_get_a_number_when_their_name_is_taken(tmp_path: Path) -> None:
    photo, result = Image.new("RGB", (40, 30)), PhotoResult(40, 30, ())
    names = [save_annotated(photo, result, Path("a/me.png"), tmp_path).name for _ in range(3)]
    assert names == ["me-smile.jpg", "me-smile-2.jpg", "me-smile-3.jpg"]
    with Image.open(tmp_path / names[2]) as copy:
        assert (copy.format, copy.size) == ("JPEG", (40, 30))


@pytest.mark.parametrize(("width", "saved"), [(70_000, 65_500), (60_000, 60_000)])
def test_panorama_is_reduced_only_to_what_a_jpeg_can_hold(
    width: int, saved: int, tmp_path: Path
) -> None:
    photo = Image.new("RGB", (width, 20))
    path = save_annotated(photo, PhotoResult(width, 20, ()), Path("wide.png"), tmp_path)
    with Image.open(path) as copy:
        assert copy.width == saved


def test_no_half_file_remains_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(image: Image.Image, file: object, *args: object, **options: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", fail)
    photo = Image.new("RGB", (40, 30))
    with pytest.raises(ImageError, match=r"annotated copy cannot be written: .*No space left"):
        save_annotated(photo, PhotoResult(40, 30, ()), Path("me.png"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_folder_is_created_with_its_parents_and_may_exist(tmp_path: Path) -> None:
    for _ in range(2):
        check_folder(tmp_path / "new" / "copies")
    assert list((tmp_path / "new" / "copies").iterdir()) == []


def test_error_names_the_folder_when_it_is_not_writable() -> None:
    with pytest.raises(ImageError, match="--annotate /proc/self: no such file or directory"):
        check_folder(Path("/proc/self"))  # not even by root


def test_error_names_the_folder_when_it_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImageError, match=f"--annotate {tmp_path / 'file'}: file exists"):
        check_folder(tmp_path / "file")
