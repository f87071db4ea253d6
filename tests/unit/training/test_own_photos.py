"""A folder of the user's own photos: faces are found, labels may be shares, people decide."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.synthetic_photos import synthetic_photo
from training.data import chunks
from training.data.collections.own_photos import OwnPhotos
from training.data.splits import assign_splits
from training.errors import TrainingError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three photos with a face, and a wall."""
    monkeypatch.setattr(chunks, "FOUND_FACES", tmp_path / "faces")
    folder = tmp_path / "lobby"
    (folder / "may").mkdir(parents=True)
    for number, name in enumerate(("may/a.png", "b.png", "c.png")):
        synthetic_photo([(60 + 9 * number, 40, 200, number == 0)], (320, 280)).save(folder / name)
    synthetic_photo([], (320, 280)).save(folder / "wall.png")
    (folder / "labels.csv").write_text(
        "path,smile,person\nmay/a.png,1,Ann\nb.png,0.4,Ann\nwall.png,0,\nc.png,0,\n"
    )
    return folder


def test_faces_are_found_and_labels_may_be_shares(folder: Path) -> None:
    collection = OwnPhotos(folder).read()
    crops = collection.crops
    assert crops.name.tolist() == ["may/a.png", "b.png", "c.png"]
    assert set(crops.collection.tolist()) == {"lobby"}
    assert crops.share.tolist() == pytest.approx([1, 0.4, 0])
    assert crops.target.tolist() == pytest.approx([0.98, 0.404, 0.02])
    assert crops.smile.tolist() == [True, False, False]
    assert crops.tier.tolist() == crops.adjudicated.tolist() == ["clear", "faint", "none"]
    assert crops.split.tolist() == [split.value for split in assign_splits(["Ann", "Ann", "c.png"])]
    assert crops.expression.tolist() == [""] * 3
    assert (crops.grey.shape, crops.grey.dtype) == ((3, 64, 64), np.uint8)
    assert collection.skipped == {"wall.png": "face not found"}
    assert collection.provenance["people"] == 2
    assert collection.name == "lobby"


@pytest.mark.parametrize("cell", ["1.1", "-0.1", "yes", "", "nan"])
def test_line_is_named_when_a_label_is_no_share(folder: Path, cell: str) -> None:
    (folder / "labels.csv").write_text(f"path,smile\nb.png,0\nc.png,{cell}\n")
    with pytest.raises(TrainingError, match=r"labels\.csv, line 3: smile: expected 0 to 1, got"):
        OwnPhotos(folder).read()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, r"--own .*lobby: no labels\.csv \(path,smile\) in it"),
        ("path,grin\nb.png,1\n", r"labels\.csv: column 'smile' is missing"),
        ("path,smile\nabsent.png,1\n", r"photo absent\.png: no such file"),
        ("path,smile\nlabels.csv,1\n", r"photo labels\.csv: "),
        ("path,smile\nwall.png,1\n", r"no usable photo in lobby: none of its 1 has a face"),
        ("path,smile\n", r"no usable photo in lobby: none of its 0 has a face"),
    ],
)
def test_folder_is_rejected_when_something_is_wrong(
    folder: Path, labels: str | None, message: str
) -> None:
    (folder / "labels.csv").unlink()
    if labels is not None:
        (folder / "labels.csv").write_text(labels)
    with pytest.raises(TrainingError, match=message):
        OwnPhotos(folder).read()


def test_folder_is_named_when_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"--own .*nowhere: no such folder"):
        OwnPhotos(tmp_path / "nowhere").read()
