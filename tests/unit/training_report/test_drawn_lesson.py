"""The notebooks' helpers work where the data set is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smile_vision.errors import ImageError
from training.data.splits import Split
from training.notebooks import load_notebook_data, own_photos, sheet, table


def test_drawn_lesson_has_every_part_and_both_labels() -> None:
    lesson = load_notebook_data("drawn")
    for split in Split:
        assert set(lesson.crops.part(split).smile.tolist()) == {True, False}
    assert {"clear", "faint", "none"} <= set(lesson.crops.tier.tolist())


def test_sample_is_as_large_as_asked_and_the_same_each_time() -> None:
    first, again = (load_notebook_data("drawn", sample=50).crops for _ in range(2))
    assert len(first) == 50
    assert np.array_equal(first.grey, again.grey)


def test_clip_stands_in_when_no_photo_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMILE_PHOTOS", raising=False)
    photos = own_photos()
    assert len(photos) == 2
    assert all(photo.size == (1280, 720) for photo in photos.values())


def test_own_photos_are_read_when_they_are_named(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), "teal").save(tmp_path / "me.png")
    assert own_photos([tmp_path / "me.png"])["me.png"].size == (30, 20)


def test_missing_photo_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file"):
        own_photos([tmp_path / "me.png"])


def test_sheet_holds_all_crops() -> None:
    crops = np.zeros((10, 64, 64), dtype=np.uint8)
    assert sheet(crops, columns=4).image.size == (4 * 104, 3 * 104)
    assert sheet(crops, [str(number) for number in range(10)], columns=8).image.height > 2 * 104


def test_table_parts_thousands() -> None:
    assert "13,149" in table({"pictures": [13149]})._repr_html_()
