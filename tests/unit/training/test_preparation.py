"""The prepared data set: several collections in one file, and what the command says of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.ferplus import Row, write_folders
from tests.helpers.synthetic_photos import synthetic_photo
from training import contact_sheets
from training import prepare as command
from training.data import chunks
from training.data.collections import smilesmiled
from training.data.collections.smilesmiled import SmileSmileD
from training.data.crops import Crops
from training.data.preparation import prepare
from training.data.splits import Split, assign_splits
from training.errors import TrainingError

WriteCrops = Callable[..., Path]
ROWS: list[Row] = [
    ("Training", "fer0.png", "1,9,0,0,0,0,0,0,0,0"),
    ("PublicTest", "fer1.png", "10,0,0,0,0,0,0,0,0,0"),
    ("PrivateTest", "fer2.png", "0,10,0,0,0,0,0,0,0,0"),
    ("PrivateTest", "fer3.png", "0,0,0,0,0,0,0,0,10,0"),
]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(chunks, "FOUND_FACES", tmp_path / "faces")
    monkeypatch.setattr(smilesmiled, "MIN_PICTURES", 1)
    for module in (command, contact_sheets):
        monkeypatch.setattr(module, "CROPS", tmp_path / "crops.npz")
    monkeypatch.setattr(command, "PREPARED", tmp_path / "prepare.json")
    monkeypatch.setattr(contact_sheets, "SHEETS", tmp_path / "sheets")
    monkeypatch.delenv("SMILE_FERPLUS", raising=False)
    return tmp_path


@pytest.fixture
def own(workspace: Path) -> Path:
    folder = workspace / "lobby"
    folder.mkdir()
    synthetic_photo([(60, 40, 200, True)], (320, 280)).save(folder / "a.png")
    (folder / "labels.csv").write_text("path,smile\na.png,1\n")
    return folder


def _run(data: Path, *options: str) -> None:
    command.main(["--data", str(data), "--photos", "none", *options])


def test_command_joins_all_collections(
    workspace: Path, own: Path, write_crops: WriteCrops, capsys: pytest.CaptureFixture[str]
) -> None:
    ferplus = write_folders(workspace / "fer", ROWS)
    _run(write_crops(60, 60), "--ferplus", str(ferplus), "--own", str(own))
    crops = Crops.load(workspace / "crops.npz")
    counts = [len(crops.of(name)) for name in ("smilesmiled", "ferplus", "lobby")]
    assert (counts, len(crops)) == ([120, 3, 1], 124)
    report = json.loads((workspace / "prepare.json").read_text())
    assert (report["name"], report["pictures"]) == ("smilesmiled", 120)
    assert list(report["collections"]) == ["ferplus", "lobby"]
    assert report["collections"]["ferplus"]["splits"]["test"] == {"pictures": 1, "smile": 1}
    assert report["collections"]["ferplus"]["skipped"] == {
        "line 5: fer3": "half of the votes: unknown, or not a face"
    }
    shown = capsys.readouterr().out
    assert "fer: 3 pictures, 2 smiles" in shown
    assert "  skipped      1: half of the votes: unknown, or not a face" in shown
    assert "lobby: 1 pictures, 1 smiles" in shown
    assert "without FER+" not in shown


@pytest.mark.parametrize("options", [(), ("--ferplus", "none")])
def test_command_says_what_training_without_ferplus_costs(
    workspace: Path,
    write_crops: WriteCrops,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
) -> None:
    _run(write_crops(60, 60), *options)
    assert capsys.readouterr().out.endswith(
        "without FER+: angry, frightened and sad faces are more often called smiling;"
        " see docs/model.md\n"
    )
    report = json.loads((workspace / "prepare.json").read_text())
    assert (report["collections"], report["duplicates"]) == ({}, [])
    assert report["photos_compared"] == 0


def test_photos_for_evaluation_are_no_training_pictures(
    workspace: Path, own: Path, write_crops: WriteCrops
) -> None:
    person = next(name for name in "abcdefgh" if assign_splits([name]) == [Split.TRAIN])
    (own / "labels.csv").write_text(f"path,smile,person\na.png,1,{person}\n")
    options = ["--data", str(write_crops(60, 60)), "--own", str(own)]
    command.main([*options, "--photos", "none"])
    assert len(Crops.load(workspace / "crops.npz").of("lobby").part(Split.TRAIN)) == 1
    command.main([*options, "--photos", str(own)])
    assert len(Crops.load(workspace / "crops.npz").of("lobby")) == 0
    report = json.loads((workspace / "prepare.json").read_text())
    assert report["photos_compared"] == 1
    assert [(entry["name"], entry["twin"]) for entry in report["duplicates"]] == [
        ("a.png", "a.png")
    ]
    assert report["collections"]["lobby"]["skipped"] == {"a.png": "like a photo for evaluation"}


def test_collections_of_the_same_name_are_rejected(write_crops: WriteCrops) -> None:
    reader = SmileSmileD(str(write_crops(700, 700)))
    with pytest.raises(TrainingError, match="two collections are named 'smilesmiled': rename"):
        prepare([reader, reader])


def test_sheets_show_each_collection_beside_the_photos(
    workspace: Path, own: Path, write_crops: WriteCrops, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(write_crops(60, 60), "--own", str(own))
    contact_sheets.main(["--photos", str(own)])
    sheets = {path.name: Image.open(path) for path in (workspace / "sheets").iterdir()}
    assert set(sheets) == {"smilesmiled.png", "lobby.png", "means.png"}
    assert sheets["lobby.png"].size == (2 * 8 * 64 + 8, 10 * 64)
    assert sheets["means.png"].size == (3 * 256 + 2 * 8, 256)
    face = Crops.load(workspace / "crops.npz").of("lobby").grey[0]
    left, right = np.hsplit(np.asarray(sheets["lobby.png"]), [512])
    assert np.array_equal(left[:64, :64], face)
    assert left[64:].max() == 0  # no more faces
    assert np.array_equal(right[:64, 8:72], face)
    mean = np.asarray(sheets["means.png"])[::4, :256:4]
    assert np.array_equal(mean, face)
    assert "means.png shows, from the left: lobby, smilesmiled, photos" in capsys.readouterr().out


def test_sheets_show_the_collections_alone_without_photos(
    workspace: Path, write_crops: WriteCrops
) -> None:
    _run(write_crops(60, 60))
    contact_sheets.main(["--photos", "none"])
    assert Image.open(workspace / "sheets" / "smilesmiled.png").size == (512, 640)
    assert Image.open(workspace / "sheets" / "means.png").size == (256, 256)
