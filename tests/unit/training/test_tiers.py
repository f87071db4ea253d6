"""What a look at a picture changes, and that the shipped table is made of its two sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.data.annotations import BUNDLED_ANNOTATIONS, Annotation, Tier, read_annotations
from training.data.tiers import BUNDLED_TIERS, Look, read_looks, read_tiers, settle, table
from training.errors import TrainingError


@pytest.mark.parametrize(
    ("tier", "seen", "adjudicated"),
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
def test_look_decides_when_labels_do_not_agree_against_it(
    tier: Tier, seen: Tier | None, adjudicated: Tier
) -> None:
    assert settle(tier, seen) is adjudicated


def test_shipped_tiers_are_up_to_date() -> None:
    made = table(read_annotations(BUNDLED_ANNOTATIONS), read_looks())
    assert made == BUNDLED_TIERS.read_bytes(), "run python -m training.data.tiers"


def test_tier_of_one_label_is_told_from_a_settled_one_when_read_back(tmp_path: Path) -> None:
    path = tmp_path / "tiers.csv"
    opinions = {
        ("3", True): Annotation(second=None, person=None),
        ("4", False): Annotation(second=None, person=8),
        ("5", True): Annotation(second=True, person=9),
    }
    path.write_bytes(table(opinions, {("4", False): Look(Tier.CLEAR, "drawn at random")}))
    assert read_tiers(path) == {
        ("3", True): Tier.SMILE_SINGLE,
        ("4", False): Tier.CLEAR,
        ("5", True): Tier.CLEAR,
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("number,smilesmiled,seen\n3,1,none\n", "column 'looked_at_because'"),
        ("number,smilesmiled,seen,looked_at_because\n3,1,maybe,doubt\n", "line 2.*maybe"),
        (
            'number,smilesmiled,seen,looked_at_because\n3,1,"none, one annotator",doubt\n',
            "line 2: expected none, faint or clear",
        ),
    ],
)
def test_looks_are_refused_when_the_table_is_faulty(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "by-eye.csv"
    path.write_text(content)
    with pytest.raises(TrainingError, match=message):
        read_looks(path)
