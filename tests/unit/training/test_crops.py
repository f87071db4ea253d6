"""The prepared data set: parts, counts, and the file between the steps."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.training import make_crops
from training.data.crops import SMILESMILED, Crops
from training.data.splits import Split
from training.errors import TrainingError


@pytest.fixture
def crops() -> Crops:
    return make_crops(
        [True, False, True, False],
        tiers=["clear", "none", "faint", "none, one annotator"],
        splits=["test", "train", "train", "validation"],
        grey=np.arange(4 * 64 * 64, dtype=np.uint32).reshape(4, 64, 64).astype(np.uint8),
    )


def test_part_holds_the_crops_of_one_split(crops: Crops) -> None:
    assert crops.part(Split.TRAIN).name.tolist() == ["1", "2"]
    assert crops.part(Split.TRAIN).tier.tolist() == ["none", "faint"]
    assert [len(crops.part(split)) for split in Split] == [2, 1, 1]


def test_crops_come_in_the_order_of_their_indices(crops: Crops) -> None:
    assert crops.where(np.array([2, 0])).name.tolist() == ["2", "0"]


def test_joined_collections_can_be_separated(crops: Crops) -> None:
    others = make_crops([True, True, False], collection="ferplus")
    joined = Crops.joined([crops, others])
    assert len(joined) == 7
    assert joined.of(SMILESMILED).tier.tolist() == crops.tier.tolist()
    assert joined.of("ferplus").smile.tolist() == [True, True, False]
    assert len(joined.of("nothing")) == 0


def test_annotators_agree_only_when_there_are_two_equal_labels(crops: Crops) -> None:
    assert crops.annotators_agree.tolist() == [True, True, False, False]


def test_keys_are_those_of_the_label_tables(crops: Crops) -> None:
    assert crops.keys == [("0", True), ("1", False), ("2", True), ("3", False)]


def test_counts_add_up(crops: Crops) -> None:
    assert crops.counts() == {
        "pictures": 4,
        "smile": 2,
        "splits": {
            "train": {"pictures": 2, "smile": 1},
            "validation": {"pictures": 1, "smile": 0},
            "test": {"pictures": 1, "smile": 1},
        },
        "tiers": {"clear": 1, "faint": 1, "none": 1, "none, one annotator": 1},
    }


def test_crops_are_the_same_when_saved_and_loaded(crops: Crops, tmp_path: Path) -> None:
    crops.save(tmp_path / "crops.npz")
    loaded = Crops.load(tmp_path / "crops.npz")
    for field in fields(crops):
        ours, theirs = getattr(crops, field.name), getattr(loaded, field.name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "other"])
def test_command_to_run_is_named_when_the_file_cannot_be_read(
    crops: Crops, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "crops.npz"
    crops.save(path)
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        np.savez(path, something=np.arange(3))
    state = "missing" if damage == "missing" else "damaged"
    with pytest.raises(TrainingError, match=rf"crops\.npz is {state}: run .*training\.prepare"):
        Crops.load(path)
