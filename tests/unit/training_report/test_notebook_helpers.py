"""The notebooks' helpers work without the data set and with the reader's own photos."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smile_vision.errors import ImageError
from training.clip.frames import CLIP
from training.data.collections.collection import Collection
from training.data.collections.smilesmiled import SmileSmileD
from training.data.splits import Split
from training.notebooks import load_notebook_data, notebook_data, own_photos, sheet, table
from training.notebooks.own_photos import _FRAMES_MS
from training.notebooks.synthetic_faces import synthetic_pictures


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMILE_DATA", "SMILE_SAMPLE", "SMILE_PHOTOS"):
        monkeypatch.delenv(name, raising=False)


def test_synthetic_data_have_every_set_tier_and_label() -> None:
    data = load_notebook_data("synthetic")
    for split in Split:
        assert set(data.crops.part(split).smile.tolist()) == {True, False}
    assert {"clear", "faint", "none", "none, one annotator"} <= set(data.crops.tier.tolist())
    assert data.counts["pictures"] == len(data.crops) == 600
    shares = [data.counts["splits"][split.value]["pictures"] / 600 for split in Split]
    assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.05)


def test_synthetic_smile_differs_from_a_synthetic_neutral_face() -> None:
    faces = synthetic_pictures(60)
    bright = {
        smile: np.mean([(face.grey[46:56] > 235).mean() for face in faces if face.smile == smile])
        for smile in (True, False)
    }
    assert bright[True] > 0.05 > bright[False]  # the teeth


def test_synthetic_data_are_used_when_the_data_set_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(notebook_data, "DEFAULT_DATA", tmp_path / "missing")
    assert load_notebook_data().name == "synthetic faces instead of SMILEsmileD"


def test_data_set_is_used_when_it_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crops = load_notebook_data("synthetic").crops
    monkeypatch.setattr(notebook_data, "DEFAULT_DATA", tmp_path)
    collection = Collection(crops, {"name": "smilesmiled", "data": "SMILEsmileD"})
    monkeypatch.setattr(SmileSmileD, "read", lambda reader: collection)
    assert load_notebook_data().name == "SMILEsmileD"


def test_data_and_sample_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMILE_DATA", "synthetic")
    monkeypatch.setenv("SMILE_SAMPLE", "20")
    data = load_notebook_data()
    assert len(data.crops) == 20
    assert data.counts["pictures"] == 600
    assert len(load_notebook_data(sample=30).crops) == 30


def test_sample_is_random_and_the_same_each_time() -> None:
    first, again = (load_notebook_data("synthetic", sample=50).crops for _ in range(2))
    assert np.array_equal(first.grey, again.grey)
    assert first.name.tolist() != [str(number) for number in range(1, 51)]


def test_clip_is_used_when_no_photo_is_given() -> None:
    photos = own_photos()
    assert list(photos) == ["bundled clip, 1 s", "bundled clip, 14.2 s"]
    assert all(photo.size == (1280, 720) for photo in photos.values())
    episodes = json.loads(CLIP.with_suffix(".json").read_text())["episodes"]
    smiling = [
        sum(episode["start_ms"] < t_ms < episode["end_ms"] for episode in episodes)
        for t_ms in _FRAMES_MS
    ]
    assert smiling == [0, 2]


def test_own_photos_are_read_from_paths_or_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (30, 20), "teal").save(tmp_path / "me.png")
    Image.new("RGB", (40, 20), "teal").save(tmp_path / "you.png")
    monkeypatch.setenv("SMILE_PHOTOS", f"{tmp_path / 'me.png'}:{tmp_path / 'you.png'}")
    assert [photo.width for photo in own_photos().values()] == [30, 40]
    assert list(own_photos([tmp_path / "you.png"])) == ["you.png"]


def test_missing_photo_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file"):
        own_photos([tmp_path / "me.png"])


def test_sheet_holds_all_crops_and_labels() -> None:
    crops = np.zeros((10, 64, 64), dtype=np.uint8)
    assert sheet(crops, columns=4).size == (4 * 104, 3 * 104)
    plain, labelled = sheet(crops), sheet(crops, [str(number) for number in range(10)])
    assert labelled.height > plain.height
    assert np.asarray(labelled)[96:120].min() < 255  # the text of the first row
    assert sheet(crops[:2]).width == 2 * 104


def test_table_formats_numbers() -> None:
    shown = table(
        {"pictures": [13149, np.int64(5)], "share": [0.25, np.float32(1)], "ok": [True, ()]}
    )
    assert shown.rows == [["13,149", "0.250", "True"], ["5", "1.000", "()"]]
    assert shown.header == ("pictures", "share", "ok")
