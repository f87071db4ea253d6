"""FER+ is read in both layouts, with its votes as soft targets; bad input is named."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.helpers.ferplus import Row, small_face, write_challenge, write_folders, write_votes
from training.data import chunks, source
from training.data.annotations import target_of_share, tier_of_share
from training.data.collections import ferplus
from training.data.collections.ferplus import FerPlus, chosen_ferplus
from training.data.collections.ferplus_votes import EXPRESSIONS, SMILE, Votes, read_votes
from training.errors import TrainingError
from training.workspace import sha256_of_file

ROWS: list[Row] = [
    ("Training", "fer0.png", "1,9,0,0,0,0,0,0,0,0"),
    ("PublicTest", "fer1.png", "5,4,0,0,0,0,0,0,1,0"),
    ("Training", "", "0,0,0,0,0,0,0,0,0,10"),
    ("PrivateTest", "fer3.png", "2,0,6,0,0,0,2,0,0,0"),
    ("PrivateTest", "fer4.png", "3,2,0,0,0,0,0,0,3,2"),
    ("Training", "fer5.png", "0,5,1,0,0,0,0,0,4,0"),
]
Write = Callable[[Path, list[Row]], Path]


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "FOUND_FACES", tmp_path / "found")
    monkeypatch.setattr(source, "WORK", tmp_path / "work")
    monkeypatch.delenv(ferplus.FERPLUS_VARIABLE, raising=False)


@pytest.mark.parametrize("write", [write_folders, write_challenge])
def test_pictures_have_the_votes_as_targets_and_keep_their_splits(
    tmp_path: Path, write: Write
) -> None:
    collection = FerPlus(str(write(tmp_path / "fer", ROWS))).read()
    crops = collection.crops
    assert crops.name.tolist() == ["fer0", "fer1", "fer3", "fer5"]
    assert crops.split.tolist() == ["train", "validation", "test", "train"]
    assert crops.share.tolist() == pytest.approx([0.9, 4 / 9, 0, 5 / 6])
    assert crops.target.tolist() == pytest.approx([0.884, 0.02 + 0.96 * 4 / 9, 0.02, 0.82])
    assert crops.smile.tolist() == [True, False, False, True]
    assert crops.tier.tolist() == crops.adjudicated.tolist() == ["clear", "faint", "none", "clear"]
    assert crops.expression.tolist() == ["happiness", "neutral", "surprise", "happiness"]
    assert set(crops.collection.tolist()) == {"ferplus"}
    assert (crops.grey.shape, crops.grey.dtype) == ((4, 64, 64), np.uint8)
    assert (crops.share.dtype, crops.target.dtype) == (np.float32, np.float32)
    assert collection.skipped == {
        "line 4": "not in FER+",
        "line 6: fer4": "half of the votes: unknown, or not a face",
    }
    assert "MIT" in collection.provenance["licence"]
    assert collection.report()["pictures"] == 4


def test_both_layouts_give_the_same_crops(tmp_path: Path) -> None:
    folders = FerPlus(str(write_folders(tmp_path / "a", ROWS))).read().crops
    challenge = FerPlus(str(write_challenge(tmp_path / "b", ROWS))).read().crops
    assert np.array_equal(folders.grey, challenge.grey)


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_archive_is_read_and_its_checksum_recorded(tmp_path: Path, kind: str) -> None:
    folder = write_folders(tmp_path / "fer", ROWS)
    archive = tmp_path / f"mine.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as opened:
            for path in folder.rglob("*.*"):
                opened.write(path, path.relative_to(tmp_path))
    else:
        with tarfile.open(archive, "w:gz") as opened:
            opened.add(folder, "inner")
    collection = FerPlus(str(archive)).read()
    assert len(collection.crops) == 4
    assert collection.provenance["data"] == archive.name
    assert collection.provenance["data_sha256"] == sha256_of_file(archive)
    assert collection.provenance["votes_sha256"] == sha256_of_file(folder / "fer2013new.csv")


def test_votes_may_lie_next_to_the_archive_of_the_challenge(tmp_path: Path) -> None:
    folder = write_challenge(tmp_path / "fer", ROWS)
    archive = tmp_path / "fer2013.tar.gz"
    with tarfile.open(archive, "w:gz") as opened:
        opened.add(folder / "fer2013.csv", "fer2013/fer2013.csv")
    with pytest.raises(TrainingError, match=r"no fer2013new\.csv in fer2013\.tar\.gz or next to"):
        FerPlus(str(archive)).read()
    write_votes(tmp_path, ROWS)
    assert len(FerPlus(str(archive)).read().crops) == 4


def test_picture_without_a_certain_face_is_skipped(tmp_path: Path) -> None:
    folder = write_folders(tmp_path / "fer", ROWS)
    Image.new("L", (48, 48), 128).save(folder / "FER2013Train" / "fer0.png")
    collection = FerPlus(str(folder)).read()
    assert collection.skipped["line 2: fer0"] == "face not found"
    assert "fer0" not in collection.crops.name.tolist()


def test_picture_in_several_rows_counts_once_or_not_at_all(tmp_path: Path) -> None:
    twice = ("Training", "fer0.png", "1,9,0,0,0,0,0,0,0,0")
    contradictory = ("PublicTest", "fer1.png", "0,0,0,0,0,0,0,0,0,10")
    collection = FerPlus(str(write_folders(tmp_path / "fer", [*ROWS, twice, contradictory]))).read()
    assert collection.crops.name.tolist() == ["fer0", "fer3", "fer5"]
    assert collection.skipped == {
        "line 3: fer1": "in several rows, with different votes",
        "line 4": "not in FER+",
        "line 6: fer4": "half of the votes: unknown, or not a face",
        "line 8: fer0": "in several rows",
        "line 9: fer1": "in several rows, with different votes",
    }


@given(st.lists(st.integers(0, 10), min_size=8, max_size=8), st.integers(0, 10))
def test_share_counts_only_votes_for_an_expression(counts: list[int], rejected: int) -> None:
    votes = Votes(2, "a.png", "Training", tuple(counts), rejected)
    assert votes.usable == (rejected < sum(counts))
    if votes.usable:
        assert votes.smile_share == counts[1] / sum(counts)
        named = [
            one for one, count in zip(EXPRESSIONS, counts, strict=True) if 2 * count >= sum(counts)
        ]
        assert votes.expression == (named[0] if named else "")


@pytest.mark.parametrize(
    ("counts", "expression"),
    [((5, 5, 0, 0, 0, 0, 0, 0), "neutral"), ((0, 0, 0, 1, 1, 0, 2, 0), "fear"),
     ((4, 3, 2, 0, 0, 0, 0, 0), "")],
)  # fmt: skip
def test_expression_is_what_at_least_half_of_the_votes_name(
    counts: tuple[int, ...], expression: str
) -> None:
    assert Votes(2, "a.png", "Training", counts, 0).expression == expression


@pytest.mark.parametrize(
    ("share", "tier"),
    [(1, "clear"), (0.8, "clear"), (0.79, "faint"), (0.21, "faint"), (0.2, "none"), (0, "none")],
)
def test_tier_follows_from_the_share(share: float, tier: str) -> None:
    assert tier_of_share(share) == tier
    assert target_of_share(share) == pytest.approx(0.02 + 0.96 * share)


@pytest.mark.parametrize(("share", "smile"), [("5,5", True), ("6,4", False)])
def test_half_of_the_votes_make_a_smile(tmp_path: Path, share: str, smile: bool) -> None:
    rows = [("Training", "fer0.png", f"{share},0,0,0,0,0,0,0,0")]
    crops = FerPlus(str(write_folders(tmp_path / "fer", rows))).read().crops
    assert crops.smile.tolist() == [smile]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("neutral", "calm", r"column 'neutral' is missing"),
        ("1,9,0", "1,nine,0", rf"line 2: {SMILE}: expected a count, got 'nine'"),
        ("1,9,0", "1,-9,0", rf"line 2: {SMILE}: expected a count, got '-9'"),
        ("0,0,10", "0,0", r"line 4: NF: expected a count, got ''"),
        ("PublicTest", "Public", r"line 3: Usage: expected Training, .*, got 'Public'"),
    ],
)
def test_votes_are_rejected_when_the_table_is_invalid(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    table = write_votes(tmp_path, ROWS)
    table.write_text(table.read_text().replace(old, new, 1))
    with pytest.raises(TrainingError, match=r"fer2013new\.csv.*" + message):
        read_votes(table)


def _without_picture(folder: Path) -> None:
    (folder / "FER2013Valid" / "fer1.png").unlink()


def _without_folder(folder: Path) -> None:
    _without_picture(folder)
    (folder / "FER2013Valid").rmdir()


def _large(folder: Path) -> None:
    small_face(1, 64).save(folder / "FER2013Valid" / "fer1.png")


def _damaged(folder: Path) -> None:
    (folder / "FER2013Valid" / "fer1.png").write_bytes(b"nothing")


def _without_votes(folder: Path) -> None:
    (folder / "fer2013new.csv").unlink()


def _outside(folder: Path) -> None:
    table = folder / "fer2013new.csv"
    table.write_text(table.read_text().replace("fer1.png", "../fer1.png"))


def _without_faces(folder: Path) -> None:
    for path in folder.rglob("*.png"):
        Image.new("L", (48, 48), 128).save(path)


@pytest.mark.parametrize(
    ("corrupt", "message"),
    [
        (_without_picture, r"FER2013Valid/fer1\.png of fer2013new\.csv, line 3, is missing"),
        (_without_folder, r"FER2013Valid/fer1\.png of fer2013new\.csv, line 3, is missing"),
        (_large, r"FER2013Valid/fer1\.png: expected 48x48 px, got 64x64"),
        (_damaged, r"FER2013Valid/fer1\.png is damaged, or not a picture"),
        (_without_votes, r"no fer2013new\.csv in fer or next to it"),
        (_outside, r"fer2013new\.csv, line 3: Image name: expected a file name"),
        (_without_faces, r"no usable picture in fer: none of its 6 rows"),
    ],
)
def test_folders_are_rejected_when_something_is_wrong(
    tmp_path: Path, corrupt: Callable[[Path], None], message: str
) -> None:
    folder = write_folders(tmp_path / "fer", ROWS)
    corrupt(folder)
    with pytest.raises(TrainingError, match=message):
        FerPlus(str(folder)).read()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("pixels", "pixel", r"column 'pixels' is missing"),
        (",Usage", ",usage", r"column 'Usage' is missing"),
        (",Training\n0,", ",PublicTest\n0,", r"line 2: Usage: 'PublicTest', but .*line 2, says"),
        ("\n0,", "\n0,1 ", r"line 2: pixels: expected 2304 grey levels from 0 to 255"),
        ("\n0,", "\n0,x", r"line 2: pixels: expected 2304 grey levels from 0 to 255"),
        ("\n0,", "\n0,300", r"line 2: pixels: expected 2304 grey levels from 0 to 255"),
    ],
)
def test_challenge_is_rejected_when_its_table_is_invalid(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    table = write_challenge(tmp_path / "fer", ROWS) / "fer2013.csv"
    table.write_text(table.read_text().replace(old, new, 1))
    with pytest.raises(TrainingError, match=r"fer2013\.csv.*" + message):
        FerPlus(str(tmp_path / "fer")).read()


@pytest.mark.parametrize("rows", [5, 7])
def test_challenge_is_rejected_when_it_has_other_rows_than_the_votes(
    tmp_path: Path, rows: int
) -> None:
    folder = write_challenge(tmp_path / "fer", ROWS)
    lines = (folder / "fer2013.csv").read_text().splitlines(keepends=True)
    (folder / "fer2013.csv").write_text("".join([*lines, lines[-1]][: rows + 1]))
    with pytest.raises(TrainingError, match=rf"fer2013\.csv has {rows} rows and .* 6: expected as"):
        FerPlus(str(folder)).read()


def test_votes_without_pictures_are_rejected(tmp_path: Path) -> None:
    write_votes(tmp_path / "fer", ROWS)
    with pytest.raises(TrainingError, match=r"no pictures: expected .*FER2013Train.*fer2013\.csv"):
        FerPlus(str(tmp_path / "fer")).read()


def test_truncated_archive_is_named(tmp_path: Path) -> None:
    archive = tmp_path / "fer.tar.gz"
    with tarfile.open(archive, "w:gz") as opened:
        opened.add(write_folders(tmp_path / "fer", ROWS), "fer")
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    with pytest.raises(TrainingError, match=r"archive fer\.tar\.gz is truncated or damaged"):
        FerPlus(str(archive)).read()


def test_ferplus_is_given_or_named_by_the_environment_or_next_to_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "SMILEsmileD.tar.gz"
    assert chosen_ferplus(None, str(data)) is None
    (tmp_path / "ferplus.tar.gz").touch()
    beside = str(tmp_path / "ferplus.tar.gz")
    assert chosen_ferplus(None, str(data)) == beside
    monkeypatch.setattr(ferplus, "DEFAULT_DATA", data)
    assert chosen_ferplus(None, None) == beside
    assert chosen_ferplus("none", None) is None
    assert chosen_ferplus("mine.zip", None) == "mine.zip"
    monkeypatch.chdir(tmp_path)
    assert chosen_ferplus(None, ".") is None
    monkeypatch.setenv("SMILE_FERPLUS", "other.zip")
    assert chosen_ferplus(None, None) == "other.zip"
    assert chosen_ferplus("mine.zip", None) == "mine.zip"
    monkeypatch.setenv("SMILE_FERPLUS", "none")
    assert chosen_ferplus(None, None) is None
