"""What an adjudication changes, and that the bundled table of tiers follows from its sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.data import tiers as tiers_module
from training.data.annotations import BUNDLED_ANNOTATIONS, Annotation, Tier, read_annotations
from training.data.tiers import (
    BUNDLED_TIERS,
    Adjudication,
    adjudicate,
    read_adjudications,
    read_tiers,
    tiers_table,
)
from training.errors import TrainingError


@pytest.mark.parametrize(
    ("labelled", "seen", "adjudicated"),
    [
        (Tier.CLEAR, None, Tier.CLEAR),
        (Tier.CLEAR, Tier.FAINT, Tier.CLEAR),
        (Tier.CLEAR, Tier.NONE, Tier.FAINT),
        (Tier.NONE, Tier.CLEAR, Tier.FAINT),
        (Tier.FAINT, Tier.NONE, Tier.NONE),
        (Tier.SMILE_SINGLE, Tier.FAINT, Tier.FAINT),
        (Tier.NONE_SINGLE, Tier.CLEAR, Tier.CLEAR),
        (Tier.NONE_SINGLE, None, Tier.NONE_SINGLE),
    ],
)
def test_adjudicator_decides_unless_two_labels_agree(
    labelled: Tier, seen: Tier | None, adjudicated: Tier
) -> None:
    assert adjudicate(labelled, seen) is adjudicated


def test_bundled_tiers_are_up_to_date() -> None:
    table = tiers_table(read_annotations(BUNDLED_ANNOTATIONS), read_adjudications())
    assert table == BUNDLED_TIERS.read_bytes(), "run python -m training.data.tiers"


def test_command_writes_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tiers_module, "BUNDLED_TIERS", tmp_path / "tiers.csv")
    tiers_module.main([])
    assert (tmp_path / "tiers.csv").read_bytes() == BUNDLED_TIERS.read_bytes()
    assert "809 adjudicated pictures" in capsys.readouterr().out


def test_each_row_says_what_the_tier_rests_on() -> None:
    annotations = {
        ("3", True): Annotation(second=None, person=0),
        ("4", False): Annotation(second=False, person=8),
        ("5", False): Annotation(second=True, person=None),
    }
    adjudications = {
        ("4", False): Adjudication(Tier.CLEAR, "a model disagrees"),
        ("5", False): Adjudication(Tier.NONE, "random sample"),
    }
    assert tiers_table(annotations, adjudications).decode().splitlines() == [
        "number,smilesmiled,tier,sources,person,reason",
        "3,1,clear,smilesmiled,0,",
        "4,0,faint,smilesmiled+second+adjudicator,8,a model disagrees: the corners of the mouth"
        " are clearly raised; outvoted by two labels",
        "5,0,none,smilesmiled+second+adjudicator,,random sample: the corners of the mouth are not"
        " raised",
    ]


def test_tier_of_a_single_label_differs_from_an_adjudicated_one_when_read_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tiers.csv"
    annotations = {
        ("3", True): Annotation(second=None, person=None),
        ("4", False): Annotation(second=None, person=8),
        ("5", True): Annotation(second=True, person=9),
    }
    adjudications = {("4", False): Adjudication(Tier.CLEAR, "random sample")}
    path.write_bytes(tiers_table(annotations, adjudications))
    assert read_tiers(path) == {
        ("3", True): Tier.SMILE_SINGLE,
        ("4", False): Tier.CLEAR,
        ("5", True): Tier.CLEAR,
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("number,smilesmiled,tier\n3,1,none\n", "column 'reason'"),
        ("number,smilesmiled,tier,reason\n3,1,maybe,doubt\n", "line 2: tier: .*maybe"),
        ("number,smilesmiled,tier,reason\n3,,none,doubt\n", "line 2: smilesmiled: expected 0 or 1"),
        (
            'number,smilesmiled,tier,reason\n3,1,"none, one annotator",doubt\n',
            "line 2: expected none, faint or clear",
        ),
    ],
)
def test_adjudications_are_rejected_when_the_table_is_invalid(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "adjudicated.csv"
    path.write_text(content)
    with pytest.raises(TrainingError, match=message):
        read_adjudications(path)


def test_tiers_are_rejected_when_one_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "tiers.csv"
    path.write_text("number,smilesmiled,tier,sources,person,reason\n3,1,huge,second,1,\n")
    with pytest.raises(TrainingError, match=r"tiers\.csv, line 2: tier: .*huge"):
        read_tiers(path)
