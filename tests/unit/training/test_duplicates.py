"""Near-duplicates within and across collections, and of photos for evaluation, are dropped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.synthetic_photos import synthetic_photo
from tests.helpers.training import make_crops, save_clip_photos
from training.data import chunks
from training.data.collections.collection import Collection
from training.data.duplicates import drop_duplicates, read_evaluation_photos

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (12, 64, 64), dtype=np.uint8)


def _collection(name: str, places: list[int], splits: list[str] | None = None) -> Collection:
    splits = splits or ["train"] * len(places)
    crops = make_crops([True] * len(places), grey=PICTURES[places], splits=splits, collection=name)
    return Collection(crops, {"name": name}, {"before": "damaged"})


def _mixed(share: float, seed: int = 5) -> np.ndarray:
    """Return a picture whose correlation with number 0 is about `share`."""
    noise = np.random.default_rng(seed).normal(0, 1, (64, 64))
    picture = (PICTURES[0] - PICTURES[0].mean()) / PICTURES[0].std()
    mixed = share * picture + np.sqrt(1 - share**2) * noise
    return np.clip(mixed * 30 + 128, 0, 255).astype(np.uint8)[None]


def test_picture_of_the_later_collection_is_dropped() -> None:
    first, second, third = (
        _collection("a", [0, 1]), _collection("b", [2, 1, 3]), _collection("c", [3, 0, 4]),
    )  # fmt: skip
    kept, dropped = drop_duplicates([first, second, third], None)
    assert [one.crops.name.tolist() for one in kept] == [["0", "1"], ["0", "2"], ["2"]]
    assert [(entry["collection"], entry["name"], entry["twin"]) for entry in dropped] == [
        ("b", "1", "1"), ("c", "0", "2"), ("c", "1", "0"),
    ]  # fmt: skip
    assert dropped[0]["correlation"] == pytest.approx(1)
    assert kept[1].skipped == {"before": "damaged", "1": "the same picture as in a"}


def test_test_picture_is_dropped_when_the_training_or_validation_set_has_its_twin() -> None:
    splits = ["train", "validation", "test", "test", "test", "train", "test"]
    collection = _collection("a", [0, 1, 0, 1, 2, 0, 2], splits)
    (kept,), dropped = drop_duplicates([collection], None)
    # Twins within the training set or within the test set stay.
    assert kept.crops.name.tolist() == ["0", "1", "4", "5", "6"]
    assert {entry["reason"] for entry in dropped} == {
        "test picture, also in the training or validation set"
    }


@pytest.mark.parametrize(("split", "left"), [("train", 1), ("validation", 1), ("test", 2)])
def test_picture_like_a_photo_for_evaluation_is_no_training_picture(split: str, left: int) -> None:
    collection = _collection("a", [3, 4], [split] * 2)
    photos = (np.array(["x.jpg", "y.jpg"]), PICTURES[[7, 4]])
    (kept,), dropped = drop_duplicates([collection], photos)
    assert len(kept.crops) == left
    assert [(entry["name"], entry["twin"]) for entry in dropped] == [("1", "y.jpg")][: 2 - left]


@pytest.mark.parametrize(("share", "twins", "like"), [(0.985, 1, 1), (0.96, 0, 1), (0.93, 0, 0)])
def test_photos_count_as_alike_at_a_lower_correlation(share: float, twins: int, like: int) -> None:
    first, second = _collection("a", [0]), _collection("b", [1])
    second = Collection(make_crops([True], grey=_mixed(share), splits=["train"]), {"name": "b"})
    assert len(drop_duplicates([first, second], None)[1]) == twins
    photos = (np.array(["x.jpg"]), PICTURES[[0]])
    assert len(drop_duplicates([second], photos)[1]) == like


def test_most_similar_twin_is_named() -> None:
    first = Collection(
        make_crops(
            [True] * 3, grey=np.concatenate([_mixed(0.98), PICTURES[[0]], _mixed(0.985, 6)])
        ),
        {"name": "a"},
    )
    _, dropped = drop_duplicates([first, _collection("b", [0])], None)
    assert [entry["twin"] for entry in dropped] == ["1"]


def test_faces_of_photos_for_evaluation_are_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "FOUND_FACES", tmp_path / "faces")
    labels = save_clip_photos(tmp_path)
    names, crops = read_evaluation_photos(str(tmp_path))
    assert names.tolist() == list(labels)
    assert crops.shape == (3, 64, 64)
    from training.data import photos

    monkeypatch.setattr(photos, "largest_face_crop", lambda photo, detector: 1 / 0)
    again = read_evaluation_photos(str(tmp_path))
    assert np.array_equal(again[1], crops)


def test_photos_without_any_face_are_like_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "FOUND_FACES", tmp_path / "faces")
    synthetic_photo([], (200, 200)).save(tmp_path / "wall.png")
    (tmp_path / "labels.csv").write_text("path,smile\nwall.png,0\n")
    photos = read_evaluation_photos(str(tmp_path))
    assert len(photos[0]) == len(photos[1]) == 0
    assert drop_duplicates([_collection("a", [0])], photos)[1] == []
