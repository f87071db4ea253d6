"""The bundled label tables are valid, and a bad cell is named by file, line and column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.data.crops import FERPLUS, SMILESMILED, UNKNOWN
from training.data.disagreements import BUNDLED_DISAGREEMENTS, LOOKS, read_disagreements
from training.data.mouths import open_mouths_of, visible_mouths_of_ferplus
from training.errors import TrainingError


def _table(folder: Path, content: str) -> Path:
    table = folder / "some.csv"
    table.write_text(content)
    return table


def test_target_of_a_disputed_picture_is_the_mean_of_two_looks(tmp_path: Path) -> None:
    table = _table(
        tmp_path,
        "number,smilesmiled,first,second\n7,0,clear,faint\n7,1,talking,none\n9,0,unsure,unsure\n",
    )
    assert read_disagreements(table) == {
        ("7", False): pytest.approx(0.7),
        ("7", True): pytest.approx(0.09),
        ("9", False): 0.5,
    }


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("7,0,clear,maybe", r"some\.csv, line 3: second: expected one of clear, .*got 'maybe'"),
        ("7,0,,clear", r"some\.csv, line 3: first: expected one of clear, .*got ''"),
        ("7,no,clear,clear", r"some\.csv, line 3: smilesmiled: expected 0 or 1, got 'no'"),
    ],
)
def test_bad_cell_of_the_disputed_pictures_is_named(tmp_path: Path, row: str, message: str) -> None:
    table = _table(tmp_path, f"number,smilesmiled,first,second\n1,1,clear,clear\n{row}\n")
    with pytest.raises(TrainingError, match=message):
        read_disagreements(table)


def test_disputed_pictures_need_all_columns(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"some\.csv: column 'second' is missing"):
        read_disagreements(_table(tmp_path, "number,smilesmiled,first\n1,1,clear\n"))


def test_bundled_disputed_pictures_have_two_looks_each() -> None:
    targets = read_disagreements()
    assert len(targets) == len(BUNDLED_DISAGREEMENTS.read_text().splitlines()) - 1 == 1728
    assert min(targets.values()) == LOOKS["talking"]
    assert max(targets.values()) == LOOKS["clear"]


def test_mouth_is_what_an_annotator_saw_or_visible_in_a_smile(tmp_path: Path) -> None:
    table = _table(tmp_path, "picture,mouth\na,hidden\nb,visible\nc,partly\nd,no face\n")
    names = ["a", "b", "c", "d", "smile", "none"]
    seen = visible_mouths_of_ferplus(names, [1.0, 0.0, 1.0, 1.0, 0.5, 0.49], table)
    assert seen.dtype == np.float32
    assert seen.tolist() == [0.0, 1.0, UNKNOWN, UNKNOWN, 1.0, UNKNOWN]


def test_open_mouth_is_known_by_collection_name_and_label(tmp_path: Path) -> None:
    table = _table(
        tmp_path,
        "collection,picture,smilesmiled,mouth\nsmilesmiled,7,1,open\nsmilesmiled,7,0,closed\n"
        "ferplus,7,,unsure\nferplus,8,,open\n",
    )
    ours = open_mouths_of(SMILESMILED, [("7", True), ("7", False), ("8", True)], table)
    assert ours.dtype == np.float32
    assert ours.tolist() == [1.0, 0.0, UNKNOWN]
    theirs = open_mouths_of(FERPLUS, [("7", True), ("8", True), ("9", False)], table)
    assert theirs.tolist() == [UNKNOWN, 1.0, UNKNOWN]


def test_bad_mouth_is_named_with_its_line(tmp_path: Path) -> None:
    table = _table(tmp_path, "picture,mouth\nfer1,hidden\nfer2,gone\n")
    with pytest.raises(TrainingError, match=r"some\.csv, line 3: mouth: .*visible.*got 'gone'"):
        visible_mouths_of_ferplus([], [], table)
    table = _table(tmp_path, "collection,picture,smilesmiled,mouth\nferplus,a,,hidden\n")
    with pytest.raises(TrainingError, match=r"some\.csv, line 2: mouth: .*open.*got 'hidden'"):
        open_mouths_of(FERPLUS, [], table)


def test_bundled_mouths_are_valid() -> None:
    seen = visible_mouths_of_ferplus(["fer0000417", "fer0000366"], [1.0, 0.0])
    assert seen.tolist() == [0.0, 1.0]
    assert open_mouths_of(FERPLUS, [("fer0000007", False)]).tolist() == [1.0]
