"""Tables from a spreadsheet are read, or rejected with a clear message."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.data.tables import read_label, read_table
from training.errors import TrainingError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_rows_have_line_numbers_when_a_spreadsheet_wrote_them(
    tmp_path: Path, encoding: str, newline: str
) -> None:
    table = tmp_path / "labels.csv"
    lines = ["path,smile,person", '"Zoë, at home.jpg",1,7', "b.jpg,0", ""]
    table.write_bytes(newline.join(lines).encode(encoding))
    assert read_table(table, ("path", "smile")) == [
        (2, {"path": "Zoë, at home.jpg", "smile": "1", "person": "7"}),
        (3, {"path": "b.jpg", "smile": "0", "person": ""}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"labels\.csv is missing"),
        (b"", "column 'path' is missing; expected path,smile"),
        (b"path;smile\na.jpg;1\n", "column 'path' is missing"),
        ("path,smile\nZoë.jpg,1\n".encode("latin-1"), "is not a CSV table in UTF-8"),
        (b"path,smile\n" + b"a" * 200_000 + b",1\n", "is not a CSV table in UTF-8: field larger"),
    ],
)
def test_table_is_rejected_when_it_is_missing_or_invalid(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(TrainingError, match=message):
        read_table(tmp_path / "labels.csv", ("path", "smile"))


@pytest.mark.parametrize(("text", "label"), [("1", True), ("0", False)])
def test_label_is_1_for_a_smile_and_0_for_none(text: str, label: bool) -> None:
    assert read_label(Path("labels.csv"), 7, {"smile": text}, "smile") is label


@pytest.mark.parametrize("text", ["yes", "2", "", "1.0"])
def test_line_is_named_when_a_label_is_not_0_or_1(text: str) -> None:
    with pytest.raises(TrainingError, match=f"labels.csv, line 7: smile: .*got '{text}'"):
        read_label(Path("labels.csv"), 7, {"smile": text}, "smile")
