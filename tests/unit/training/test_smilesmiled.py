"""Labels, targets and tiers of the prepared data set, and which label tables are used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training import prepare as prepare_command
from training.data.annotations import (
    BUNDLED_ANNOTATIONS,
    Annotation,
    Tier,
    read_annotations,
    tier_of,
)
from training.data.collections import smilesmiled
from training.data.collections.smilesmiled import SmileSmileD, label_pictures
from training.data.crops import Crops
from training.data.pictures import Picture, Pictures, read_pictures
from training.errors import TrainingError
from training.workspace import sha256_of_file

WriteCrops = Callable[..., Path]
HEADER = "number,smilesmiled,second,person,match\n"


def _read(data: str, second_annotator: Path | None = None) -> tuple[Crops, dict[str, Any]]:
    collection = SmileSmileD(data, second_annotator).read()
    return collection.crops, collection.report()


@pytest.mark.parametrize(
    ("smile", "second", "tier"),
    [
        (True, True, Tier.CLEAR),
        (False, False, Tier.NONE),
        (False, True, Tier.FAINT),
        (True, False, Tier.FAINT),
        (True, None, Tier.SMILE_SINGLE),
        (False, None, Tier.NONE_SINGLE),
    ],
)
def test_tier_follows_from_both_labels(smile: bool, second: bool | None, tier: Tier) -> None:
    assert tier_of(smile, second) is tier


def test_annotations_are_read_when_some_are_unknown(tmp_path: Path) -> None:
    table = tmp_path / "second-opinion.csv"
    table.write_text(HEADER + "3,1,1,7,0.95\n4,0,,,0.3\n")
    assert read_annotations(table) == {
        ("3", True): Annotation(second=True, person=7),
        ("4", False): Annotation(second=None, person=None),
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("number,smilesmiled,second\n3,1,1\n", "column 'person'"),
        ("", "column"),
        (HEADER + "3,2,1,7,0.95\n", "line 2: smilesmiled: .*'2'"),
        (HEADER + "3,1,maybe,7,0.95\n", "line 2: second: .*'maybe'"),
        (HEADER + "3,1,1,Ann,0.95\n", "line 2: person: .*'Ann'"),
        (HEADER + "3\n", "line 2"),
    ],
)
def test_annotations_are_rejected_when_the_table_is_invalid(
    tmp_path: Path, content: str, message: str
) -> None:
    table = tmp_path / "second-opinion.csv"
    table.write_text(content)
    with pytest.raises(TrainingError, match=message):
        read_annotations(table)


def _pictures(*smiles: bool) -> list[Picture]:
    return [
        Picture(str(number), smile, np.full((64, 64), number, np.uint8))
        for number, smile in enumerate(smiles, start=1)
    ]


def test_targets_depend_on_the_tier_when_there_is_a_second_annotator() -> None:
    crops = label_pictures(
        _pictures(False, False, True, True, False),
        {
            ("1", False): Annotation(second=False, person=1),
            ("2", False): Annotation(second=True, person=2),
            ("3", True): Annotation(second=True, person=3),
        },
    )
    assert crops.target.tolist() == pytest.approx([0.02, 0.5, 0.98, 0.95, 0.1])
    assert crops.target.dtype == np.float32
    assert crops.smile.tolist() == [False, False, True, True, False]
    assert crops.name.tolist() == ["1", "2", "3", "4", "5"]
    assert crops.grey[:, 0, 0].tolist() == [1, 2, 3, 4, 5]


def test_targets_are_the_plain_labels_when_there_is_no_second_annotator() -> None:
    crops = label_pictures(_pictures(False, True), {})
    assert crops.target.tolist() == pytest.approx([0.02, 0.98])
    assert crops.tier.tolist() == ["none, one annotator", "smile, one annotator"]


def test_adjudication_changes_the_adjudicated_tier_and_not_the_target() -> None:
    annotations = {
        ("1", True): Annotation(second=False, person=1),
        ("2", True): Annotation(second=False, person=2),
    }
    crops = label_pictures(_pictures(True, True), annotations, {("1", True): Tier.NONE})
    assert crops.adjudicated.tolist() == ["none", "faint"]
    assert crops.tier.tolist() == ["faint", "faint"]
    assert crops.target.tolist() == [0.5, 0.5]


def test_pictures_of_one_person_share_a_split_and_those_of_unknown_people_do_not() -> None:
    pictures = _pictures(*[True] * 40)
    known = {picture.key: Annotation(second=True, person=5) for picture in pictures}
    assert len(set(label_pictures(pictures, known).split.tolist())) == 1
    assert len(set(label_pictures(pictures, {}).split.tolist())) == 3


def _rows(count: int, smiles_from: int) -> str:
    return HEADER + "".join(
        f"{n},{int(n > smiles_from)},{int(n > smiles_from)},{n // 2},0.99\n"
        for n in range(1, count + 1)
    )


def test_data_are_prepared_with_the_table_next_to_them(
    write_crops: WriteCrops, tmp_path: Path
) -> None:
    data = write_crops(negatives=800, positives=700)
    (data / "second-opinion.csv").write_text(_rows(1500, 800))
    crops, report = _read(str(data))
    assert report["pictures"] == 1500
    assert report["smile"] == 700
    assert report["second_annotator"] == "second-opinion.csv"
    assert report["second_annotator_sha256"] == sha256_of_file(data / "second-opinion.csv")
    assert report["tiers"] == report["tiers_adjudicated"] == {"clear": 700, "none": 800}
    assert report["adjudicated_sha256"] is None
    assert sum(part["pictures"] for part in report["splits"].values()) == 1500
    crops.save(tmp_path / "crops.npz")
    assert np.array_equal(Crops.load(tmp_path / "crops.npz").grey, crops.grey)


def test_named_table_is_used_when_there_is_another_one_next_to_the_data(
    write_crops: WriteCrops, tmp_path: Path
) -> None:
    data = write_crops(negatives=800, positives=700)
    (data / "second-opinion.csv").write_text(_rows(1500, 800))
    (tmp_path / "mine.csv").write_text(HEADER + "801,1,0,3,0.9\n")
    _, report = _read(str(data), tmp_path / "mine.csv")
    assert report["second_annotator"] == "mine.csv"
    assert report["tiers"]["faint"] == 1


def test_named_table_is_reported_when_it_is_missing(write_crops: WriteCrops) -> None:
    with pytest.raises(TrainingError, match=r"--second-annotator absent\.csv: no such file"):
        _read(str(write_crops()), Path("absent.csv"))


def test_bundled_tables_are_not_used_when_other_data_have_the_same_numbers(
    write_crops: WriteCrops,
) -> None:
    _, report = _read(str(write_crops(negatives=800, positives=700)))
    assert report["second_annotator"] is None
    assert "faint" not in report["tiers"]


@pytest.mark.parametrize(("share", "used"), [(0.96, True), (0.94, False)])
def test_bundled_tables_are_used_when_the_data_contain_nearly_all_of_their_pictures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, share: float, used: bool
) -> None:
    keys = sorted(read_annotations(BUNDLED_ANNOTATIONS))
    kept = [
        Picture(name, smile, np.zeros((64, 64), np.uint8))
        for name, smile in keys[: int(share * len(keys))]
    ]
    monkeypatch.setattr(smilesmiled, "read_pictures", lambda folder: Pictures(kept))
    crops, report = _read(str(tmp_path))
    assert report["second_annotator"] == ("second-annotator.csv" if used else None)
    assert (report["adjudicated_sha256"] is not None) == used
    assert bool((crops.adjudicated != crops.tier).any()) == used


def test_bundled_table_describes_the_collection() -> None:
    annotations = read_annotations(BUNDLED_ANNOTATIONS)
    assert len(annotations) == 13_165
    assert sum(annotation.second is not None for annotation in annotations.values()) == 10_694


def test_data_are_rejected_when_a_split_has_too_few_pictures(
    write_crops: WriteCrops, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = str(write_crops(60, 60))
    with pytest.raises(TrainingError, match=r"pictures in the train set: expected 100 or more"):
        _read(data)
    monkeypatch.setattr(smilesmiled, "MIN_PICTURES", 1)
    smallest = _read(data)[1]["splits"]["validation"]["pictures"]
    monkeypatch.setattr(smilesmiled, "MIN_PICTURES", smallest)
    _read(data)
    monkeypatch.setattr(smilesmiled, "MIN_PICTURES", smallest + 1)
    message = f"only {smallest} pictures in the validation set: expected {smallest + 1} or more"
    with pytest.raises(TrainingError, match=message):
        _read(data)


def test_command_writes_the_crops_and_lists_what_it_skipped(
    write_crops: WriteCrops,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(prepare_command, "CROPS", tmp_path / "crops.npz")
    monkeypatch.setattr(prepare_command, "PREPARED", tmp_path / "prepare.json")
    data = write_crops(700, 700)
    for number in range(30):
        (data / "SMILEs" / "negatives" / f"bad{number}.png").write_bytes(b"")
    prepare_command.main(["--data", str(data), "--photos", "none"])
    shown = capsys.readouterr().out
    assert "data: 1,400 pictures, 700 smiles" in shown
    assert "  validation    121 pictures,    51 smiles" in shown
    assert "  none, one annotator     700" in shown
    assert "no second-opinion.csv: plain labels as targets" in shown
    assert "skipped 30:" in shown
    assert shown.count("damaged, or not a picture") == 20
    assert len(Crops.load(tmp_path / "crops.npz")) == 1400
    assert len(json.loads((tmp_path / "prepare.json").read_text())["skipped"]) == 30


def test_command_does_not_mention_a_missing_table_when_one_is_given(
    write_crops: WriteCrops,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(prepare_command, "CROPS", tmp_path / "crops.npz")
    monkeypatch.setattr(prepare_command, "PREPARED", tmp_path / "prepare.json")
    monkeypatch.setattr(smilesmiled, "MIN_PICTURES", 1)
    (tmp_path / "mine.csv").write_text(_rows(120, 60))
    table = str(tmp_path / "mine.csv")
    data = str(write_crops(60, 60))
    prepare_command.main(["--data", data, "--second-annotator", table, "--photos", "none"])
    assert "second-opinion.csv" not in capsys.readouterr().out


def test_pictures_in_the_folder_are_those_that_are_prepared(write_crops: WriteCrops) -> None:
    crops = label_pictures(read_pictures(write_crops(2, 1)).kept, {})
    assert crops.name.tolist() == ["1", "2", "3"]
