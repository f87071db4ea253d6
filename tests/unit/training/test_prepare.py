"""The labels, the targets and the split that the network is taught and judged with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training.data.annotations import (
    BUNDLED_ANNOTATIONS,
    Annotation,
    Tier,
    read_annotations,
    tier_of,
)
from training.data.crops import Crops
from training.data.pictures import read_pictures
from training.data.splits import Split, assign_splits
from training.errors import TrainingError
from training.prepare import label_pictures, prepare

WriteCrops = Callable[..., Path]
HEADER = "number,smilesmiled,second,person,match\n"


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
def test_tier_follows_both_opinions_when_they_agree_or_not(
    smile: bool, second: bool | None, tier: Tier
) -> None:
    assert tier_of(smile, second) is tier


def test_opinions_are_read_when_some_are_unknown(tmp_path: Path) -> None:
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
        (HEADER + "3,1,maybe,7,0.95\n", "line 2.*'maybe'"),
        (HEADER + "3,1,1,Ann,0.95\n", "line 2"),
        (HEADER + "3\n", "line 2"),
    ],
)
def test_opinions_are_refused_when_the_table_is_faulty(
    tmp_path: Path, content: str, message: str
) -> None:
    table = tmp_path / "second-opinion.csv"
    table.write_text(content)
    with pytest.raises(TrainingError, match=message):
        read_annotations(table)


def test_targets_have_three_tiers_when_there_are_second_opinions(write_crops: WriteCrops) -> None:
    pictures = read_pictures(write_crops(negatives=2, positives=1)).kept
    crops = label_pictures(
        pictures,
        {
            ("1", False): Annotation(second=False, person=1),
            ("2", False): Annotation(second=True, person=2),
            ("3", True): Annotation(second=True, person=3),
        },
    )
    assert crops.target.tolist() == pytest.approx([0.02, 0.5, 0.98])
    assert crops.smile.tolist() == [False, False, True]


def test_targets_are_the_plain_labels_when_there_is_no_second_opinion(
    write_crops: WriteCrops,
) -> None:
    crops = label_pictures(read_pictures(write_crops(negatives=1, positives=1)).kept, {})
    assert crops.target.tolist() == pytest.approx([0.02, 0.98])


def test_data_are_prepared_when_an_archive_and_its_table_are_given(
    write_crops: WriteCrops, tmp_path: Path
) -> None:
    data = write_crops(negatives=800, positives=700)
    rows = "".join(f"{n},{int(n > 800)},{int(n > 800)},{n // 2},0.99\n" for n in range(1, 1501))
    (data / "second-opinion.csv").write_text(HEADER + rows)
    crops, report = prepare(str(data), None)
    assert report["pictures"] == 1500
    assert report["smile"] == 700
    assert report["tiers"] == {"clear": 700, "none": 800}
    assert sum(part["pictures"] for part in report["splits"].values()) == 1500
    crops.save(tmp_path / "crops.npz")
    assert np.array_equal(Crops.load(tmp_path / "crops.npz").grey, crops.grey)


def test_own_labels_stay_out_when_the_data_are_others_with_the_same_numbers(
    write_crops: WriteCrops,
) -> None:
    _, report = prepare(str(write_crops(negatives=800, positives=700)), None)
    assert report["second_annotator"] is None
    assert "faint" not in report["tiers"]


def test_own_labels_name_most_pictures_of_the_collection() -> None:
    opinions = read_annotations(BUNDLED_ANNOTATIONS)
    assert len(opinions) == 13_165
    assert sum(opinion.second is not None for opinion in opinions.values()) > 10_000


def test_data_are_refused_when_they_are_too_few(write_crops: WriteCrops) -> None:
    with pytest.raises(TrainingError, match="expected 100 or more"):
        prepare(str(write_crops(5, 5)), None)


def test_prepared_data_are_refused_when_the_file_is_cut_short(
    write_crops: WriteCrops, tmp_path: Path
) -> None:
    path = tmp_path / "crops.npz"
    label_pictures(read_pictures(write_crops()).kept, {}).save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TrainingError, match=r"damaged.*training\.prepare"):
        Crops.load(path)
    with pytest.raises(TrainingError, match=r"missing.*training\.prepare"):
        Crops.load(tmp_path / "absent.npz")


def test_no_person_is_in_two_splits_when_people_have_several_pictures() -> None:
    people = [f"person {n % 500}" for n in range(3000)]
    splits_of: dict[str, set[Split]] = {}
    for person, split in zip(people, assign_splits(people), strict=True):
        splits_of.setdefault(person, set()).add(split)
    assert all(len(splits) == 1 for splits in splits_of.values())


def test_shares_are_about_those_asked_for_when_people_are_many() -> None:
    splits = assign_splits([f"person {n}" for n in range(5000)])
    assert splits.count(Split.TEST) / 5000 == pytest.approx(0.20, abs=0.02)
    assert splits.count(Split.VALIDATION) / 5000 == pytest.approx(0.10, abs=0.02)


def test_split_stays_when_other_people_come_or_go() -> None:
    people = [f"person {n}" for n in range(200)]
    before = dict(zip(people, assign_splits(people), strict=True))
    fewer = people[::-2]
    assert dict(zip(fewer, assign_splits(fewer), strict=True)) == {p: before[p] for p in fewer}


def test_person_is_learned_from_when_their_pictures_would_dominate_the_figures() -> None:
    judge = next(name for name in map(str, range(100)) if assign_splits([name]) == [Split.TEST])
    assert set(assign_splits([judge] * 51)) == {Split.TRAIN}
