"""Unusable pictures are named and skipped; unusable data are rejected."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data.pictures import read_pictures
from training.errors import TrainingError

WriteCrops = Callable[..., Path]


def _class(data: Path, name: str) -> Path:
    return data / "SMILEs" / name / f"{name}7"


def _save_picture(path: Path, size: tuple[int, int] = (64, 64), seed: int = 99) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, size[::-1], dtype=np.uint8)
    Image.fromarray(grey).save(path)


def test_pictures_are_read_with_their_labels(
    write_crops: WriteCrops,
) -> None:
    found = read_pictures(write_crops(negatives=3, positives=2))
    assert [(p.name, p.smile) for p in found.kept] == [
        ("1", False), ("2", False), ("3", False), ("4", True), ("5", True),
    ]  # fmt: skip
    assert found.skipped == {}
    assert {p.grey.shape for p in found.kept} == {(64, 64)}


def test_colour_picture_is_read_as_grey_when_it_has_the_size(write_crops: WriteCrops) -> None:
    data = write_crops()
    Image.new("RGB", (64, 64), (255, 0, 0)).save(_class(data, "positives") / "red.png")
    red = next(p for p in read_pictures(data).kept if p.name == "red")
    assert red.grey.dtype == np.uint8
    assert int(red.grey[0, 0]) == 76


def test_both_copies_are_skipped_when_a_number_is_in_both_classes(
    write_crops: WriteCrops,
) -> None:
    data = write_crops()
    _save_picture(_class(data, "negatives") / "5.png")  # another picture under a positive's number
    found = read_pictures(data)
    assert found.skipped == {"negatives/5": "in both classes", "positives/5": "in both classes"}
    assert "5" not in {p.name for p in found.kept}


def test_both_copies_are_skipped_when_a_picture_is_in_both_classes(
    write_crops: WriteCrops,
) -> None:
    data = write_crops()
    shutil.copy(_class(data, "negatives") / "1.png", _class(data, "positives") / "77.png")
    assert set(read_pictures(data).skipped) == {"negatives/1", "positives/77"}


def test_one_copy_is_kept_when_a_picture_is_twice_in_one_class(write_crops: WriteCrops) -> None:
    data = write_crops()
    shutil.copy(_class(data, "negatives") / "1.png", _class(data, "negatives") / "78.png")
    found = read_pictures(data)
    assert found.skipped == {"negatives/78": "same picture as 1"}
    assert "1" in {p.name for p in found.kept}


@pytest.mark.parametrize("fault", ["truncated", "text", "odd size", "empty"])
def test_picture_is_named_and_skipped_when_it_is_unusable(
    write_crops: WriteCrops, fault: str
) -> None:
    data = write_crops(negatives=8, positives=8)
    bad = _class(data, "negatives") / "500.png"
    _save_picture(bad, size=(64, 48) if fault == "odd size" else (64, 64))
    if fault == "truncated":
        bad.write_bytes(bad.read_bytes()[:900])
    elif fault == "text":
        bad.write_text("not a picture")
    elif fault == "empty":
        bad.write_bytes(b"")
    found = read_pictures(data)
    assert list(found.skipped) == ["negatives/500.png"]
    assert ("64x48" in found.skipped["negatives/500.png"]) == (fault == "odd size")
    assert len(found.kept) == 16


def test_data_are_rejected_when_most_pictures_have_another_size(write_crops: WriteCrops) -> None:
    data = write_crops(negatives=3, positives=3)
    for number in range(100, 104):
        _save_picture(_class(data, "negatives") / f"{number}.png", size=(200, 150), seed=number)
    with pytest.raises(TrainingError, match=r"4 of 10 pictures .*200x150.*64x64"):
        read_pictures(data)


@pytest.mark.parametrize(("bad", "rejected"), [(4, False), (5, True)])
def test_data_are_rejected_when_more_than_a_fifth_of_the_pictures_are_unusable(
    write_crops: WriteCrops, bad: int, rejected: bool
) -> None:
    data = write_crops(negatives=8, positives=8)
    for number in range(100, 100 + bad):
        _save_picture(_class(data, "negatives") / f"{number}.png", size=(64, 63), seed=number)
    if rejected:
        with pytest.raises(TrainingError, match="5 of 21 pictures"):
            read_pictures(data)
    else:
        assert len(read_pictures(data).kept) == 16


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".pgm", ".bmp", ".txt"])
def test_pictures_of_the_usual_formats_are_read(write_crops: WriteCrops, suffix: str) -> None:
    data = write_crops()
    path = _class(data, "positives") / f"900{suffix}"
    kind = {".txt": "PNG", ".pgm": "PPM", ".bmp": "BMP"}.get(suffix, "JPEG")
    Image.new("L", (64, 64), 33).save(path, kind)
    names = {picture.name for picture in read_pictures(data).kept}
    assert ("900" in names) == (suffix != ".txt")


def test_hidden_files_are_ignored(write_crops: WriteCrops) -> None:
    data = write_crops()
    (_class(data, "positives") / "._4.png").write_bytes(b"not a picture")
    assert read_pictures(data).skipped == {}


def test_data_are_rejected_when_a_class_is_empty(write_crops: WriteCrops) -> None:
    with pytest.raises(TrainingError, match="positives"):
        read_pictures(write_crops(positives=0))


def test_data_are_rejected_when_every_picture_of_a_class_is_also_in_the_other(
    write_crops: WriteCrops,
) -> None:
    data = write_crops(negatives=9, positives=1)
    shutil.copy(_class(data, "positives") / "10.png", _class(data, "negatives") / "10.png")
    with pytest.raises(TrainingError, match="class positives: it has no usable picture"):
        read_pictures(data)


def test_folder_is_rejected_when_it_has_no_class_folders(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"negatives.*expected positives/"):
        read_pictures(tmp_path)
