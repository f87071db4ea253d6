"""Judging whole photos runs the service's own detector and classifier, and names what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from training.errors import TrainingError
from training.evaluate_photos import (
    ScorePhoto,
    chosen_photos,
    photo_metrics,
    photo_way,
    video_way,
)


@pytest.fixture(scope="module", params=["photo", "short"])
def score_photo(request: pytest.FixtureRequest) -> ScorePhoto:
    return photo_way() if request.param == "photo" else video_way(request.param)


def test_photo_has_no_score_when_there_is_no_face_in_it(
    tmp_path: Path, score_photo: ScorePhoto
) -> None:
    Image.new("RGB", (180, 200), (90, 120, 90)).save(tmp_path / "lawn.jpg")
    assert score_photo(tmp_path / "lawn.jpg") is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, r"no labels\.csv"),
        ("file,label\nlawn.jpg,1\n", "column 'path' is missing; expected path,smile"),
        ("path,smile\nlawn.jpg,yes\n", "line 2: smile: expected 0 or 1, got 'yes'"),
        ("path,smile\nabsent.jpg,1\n", r"photo absent\.jpg: "),
        ("path,smile\nlawn.jpg,1\n", "expected found faces"),
    ],
)
def test_photos_are_refused_when_they_cannot_be_judged(
    tmp_path: Path, score_photo: ScorePhoto, table: str | None, message: str
) -> None:
    Image.new("RGB", (180, 200), (90, 120, 90)).save(tmp_path / "lawn.jpg")
    if table is not None:
        (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(TrainingError, match=message):
        photo_metrics(tmp_path, score_photo, threshold=0.5)


def test_photos_are_those_given_or_none_when_told_so() -> None:
    assert chosen_photos("none") is None
    assert chosen_photos("party.zip") == "party.zip"
    default = chosen_photos(None)
    assert default is None or Path(default).is_file()
