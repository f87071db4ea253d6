"""What an adjudication changes, and the bundled table."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from training.data.adjudication import adjudicate, read_adjudications
from training.data.annotations import BUNDLED_ANNOTATIONS, Tier, read_annotations
from training.errors import TrainingError


@pytest.mark.parametrize(
    ("labelled", "seen", "adjudicated"),
    [
        (Tier.CLEAR, None, Tier.CLEAR),
        (Tier.CLEAR, Tier.FAINT, Tier.CLEAR),
        (Tier.CLEAR, Tier.NONE, Tier.FAINT),
        (Tier.NONE, Tier.CLEAR, Tier.FAINT),
        (Tier.NONE, Tier.NONE, Tier.NONE),
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


def test_bundled_adjudications_are_those_of_the_documented_table() -> None:
    seen = read_adjudications()
    assert Counter(seen.values()) == {Tier.NONE: 384, Tier.FAINT: 274, Tier.CLEAR: 151}
    assert seen.keys() <= read_annotations(BUNDLED_ANNOTATIONS).keys()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("number,smilesmiled\n3,1\n", "column 'tier'"),
        (
            "number,smilesmiled,tier\n3,1,maybe\n",
            "line 2: tier: expected none, faint or clear, got 'maybe'",
        ),
        ("number,smilesmiled,tier\n3,,none\n", "line 2: smilesmiled: expected 0 or 1"),
        ('number,smilesmiled,tier\n3,1,"none, one annotator"\n', "line 2: tier: expected none"),
    ],
)
def test_adjudications_are_rejected_when_the_table_is_invalid(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "adjudicated.csv"
    path.write_text(content)
    with pytest.raises(TrainingError, match=message):
        read_adjudications(path)
