"""What a site's photos must be like, and when an adapted model is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from training.data.site_photos import SitePhoto, find_site_faces, read_site_table
from training.errors import TrainingError
from training.finetune import compare, reason_to_refuse


def test_photos_of_a_table_are_those_in_the_folder_when_people_are_known(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("path,smile,person\na.jpg,1,7\nb/c.jpg,0,\n", encoding="utf-8-sig")
    assert read_site_table(tmp_path, table) == [
        SitePhoto(tmp_path / "a.jpg", smile=True, person="7"),
        SitePhoto(tmp_path / "b/c.jpg", smile=False, person="b/c.jpg"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("file,smile\na.jpg,1\n", "column 'path' is missing"),
        ("path,smile\na.jpg,1\nb.jpg,yes\n", "line 3: smile: expected 0 or 1, got 'yes'"),
    ],
)
def test_table_is_refused_when_it_is_faulty(
    tmp_path: Path, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(TrainingError, match=message):
        read_site_table(tmp_path, None)


def test_folder_is_named_when_it_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="nowhere: no such folder"):
        read_site_table(tmp_path / "nowhere", None)


def test_photo_is_named_when_it_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(TrainingError, match=r"photo a\.jpg"):
        find_site_faces([SitePhoto(tmp_path / "a.jpg", smile=True, person="a")])


def test_photos_are_refused_when_too_few_show_a_face(tmp_path: Path) -> None:
    Image.new("RGB", (180, 200), (90, 120, 90)).save(tmp_path / "lawn.jpg")
    with pytest.raises(TrainingError, match="only 0 smiling faces to learn from: expected 20"):
        find_site_faces([SitePhoto(tmp_path / "lawn.jpg", smile=True, person="a")])


def _figures(gained: float, before: float = 0.97, after: float = 0.97) -> dict[str, Any]:
    return {"accuracy_gained": gained, "before": {"auc": before}, "after": {"auc": after}}


@pytest.mark.parametrize(
    ("site", "people", "reason"),
    [
        (_figures(0.02), _figures(-0.004), None),
        (_figures(0.0, after=0.98), _figures(0.0), None),
        (_figures(-0.01), _figures(0.0), "worse on the site"),
        (_figures(0.01, after=0.95), _figures(0.0), "worse on the site"),
        (_figures(0.0), _figures(0.0), "no better on the site"),
        (_figures(0.02), _figures(-0.02), "forgot"),
        (_figures(0.02), _figures(0.0, after=0.96), "forgot"),
    ],
)
def test_model_is_refused_when_it_is_worse_anywhere(
    site: dict[str, Any], people: dict[str, Any], reason: str | None
) -> None:
    refused = reason_to_refuse(site, people)
    assert (refused is None) if reason is None else (reason in (refused or ""))


def test_gain_is_that_of_the_same_photos() -> None:
    smile = np.arange(40) % 2 == 0
    after = np.where(smile, 0.9, 0.1)
    before = after.copy()
    before[:4] = 1 - before[:4]
    figures = compare(before, after, smile, (0.5, 0.5))
    assert figures["accuracy_gained"] == pytest.approx(0.1)
    low, high = figures["accuracy_gained_95"]
    assert 0 <= low < 0.1 < high < 0.3
