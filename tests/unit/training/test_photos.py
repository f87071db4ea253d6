"""Label tables of photos, which photos are used, and faces of a site's own photos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smile_vision.faces.photo_detector import PhotoFaceDetector
from tests.helpers.training import save_clip_photos, write_labels
from training.data import photos as photos_module
from training.data import site_photos
from training.data.photos import (
    LabelledPhoto,
    chosen_photos,
    largest_face_crop,
    open_photo,
    read_photo_labels,
)
from training.data.site_photos import find_site_faces, read_site_table
from training.data.splits import share_of
from training.errors import TrainingError


def test_photos_are_those_given_or_none_on_request() -> None:
    assert chosen_photos("none") is None
    assert chosen_photos("party.zip") == "party.zip"


def test_default_photos_are_used_when_they_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = tmp_path / "photos-dev.tar.gz"
    monkeypatch.setattr(photos_module, "DEFAULT_PHOTOS", default)
    assert chosen_photos(None) is None
    default.touch()
    assert chosen_photos(None) == str(default)


def test_labels_are_found_below_the_folder_and_paths_are_relative_to_them(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    write_labels(tmp_path / "inner", {"a.jpg": True, "b/c.jpg": False})
    inner = tmp_path / "inner"
    assert read_photo_labels(tmp_path) == [(inner / "a.jpg", True), (inner / "b/c.jpg", False)]


def test_message_names_the_table_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no labels\.csv \(path,smile\)"):
        read_photo_labels(tmp_path)


def test_largest_face_is_cut_out(tmp_path: Path) -> None:
    save_clip_photos(tmp_path)
    small, large = (open_photo(tmp_path / name) for name in ("Noor.png", "Robin.png"))
    side_by_side = Image.new("RGB", (small.width // 2 + large.width, large.height))
    side_by_side.paste(small.resize((small.width // 2, small.height // 2)), (0, 0))
    side_by_side.paste(large, (small.width // 2, 0))
    detector = PhotoFaceDetector()
    alone, among_two = (largest_face_crop(p, detector) for p in (large, side_by_side))
    assert alone is not None
    assert among_two is not None
    assert np.abs(alone.astype(int) - among_two).mean() < 8
    assert largest_face_crop(Image.new("RGB", (200, 200), "green"), detector) is None


def test_photo_is_named_when_it_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"not a picture")
    with pytest.raises(TrainingError, match=r"photo a\.jpg: "):
        open_photo(tmp_path / "a.jpg")


def test_person_is_the_path_when_the_table_does_not_name_one(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("path,smile,person\na.jpg,1,7\nb/c.jpg,0,\n", encoding="utf-8-sig")
    assert read_site_table(tmp_path, table) == [
        LabelledPhoto(tmp_path / "a.jpg", share=1, person="7"),
        LabelledPhoto(tmp_path / "b/c.jpg", share=0, person="b/c.jpg"),
    ]


def test_table_of_the_folder_is_read_when_none_is_named(tmp_path: Path) -> None:
    write_labels(tmp_path, {"a.jpg": True})
    assert [photo.path.name for photo in read_site_table(tmp_path, None)] == ["a.jpg"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "--labels .*: no such file"),
        ("file,smile\na.jpg,1\n", "column 'path' is missing"),
        ("path,smile\na.jpg,1\nb.jpg,yes\n", "line 3: smile: expected 0 or 1, got 'yes'"),
    ],
)
def test_site_table_is_rejected_when_it_is_invalid(
    tmp_path: Path, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(TrainingError, match=message):
        read_site_table(tmp_path, None)


def test_folder_is_named_when_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="nowhere: no such folder"):
        read_site_table(tmp_path / "nowhere", None)


Site = Callable[[int, int], list[LabelledPhoto]]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return a function that makes photos for training and evaluation, half of them smiling.

    Finding faces is replaced: each photo is one crop, and photos named "none…" have no face.
    """
    monkeypatch.setattr(
        site_photos,
        "face_crops",
        lambda paths: [
            None if path.name.startswith("none") else np.full((64, 64), int(path.name), np.uint8)
            for path in paths
        ],
    )

    def photos(training: int, held_out: int) -> list[LabelledPhoto]:
        people = [f"person {number}" for number in range(2000)]
        chosen = [p for p in people if share_of(p) >= 0.4][:training]
        chosen += [p for p in people if share_of(p) < 0.4][:held_out]
        return [
            LabelledPhoto(Path(str(number % 256)), number % 2 == 0, person)
            for number, person in enumerate(chosen)
        ]

    return photos


def test_two_fifths_of_the_people_are_held_out(site: Site) -> None:
    everybody = [
        LabelledPhoto(Path(str(number % 256)), number % 2 == 0, f"person {number}")
        for number in range(1000)
    ]
    training, held_out = find_site_faces(everybody)
    assert len(held_out) == sum(share_of(photo.person) < 0.4 for photo in everybody)
    assert len(training) + len(held_out) == 1000
    training, held_out = find_site_faces(site(60, 44))
    assert (len(training), len(held_out)) == (60, 44)
    assert training.grey[:, 0, 0].tolist() == list(range(60))
    assert training.smile.tolist() == [number % 2 == 0 for number in range(60)]


@pytest.mark.parametrize(
    ("training", "held_out", "message"),
    [
        (38, 40, "only 19 smiling faces for training: expected 20 or more, about 100 photos"),
        (40, 39, "only 19 faces without a smile for evaluation: expected 20 or more"),
    ],
)
def test_photos_are_rejected_when_a_part_has_too_few_faces_of_a_kind(
    site: Site, training: int, held_out: int, message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        find_site_faces(site(training, held_out))


@pytest.mark.parametrize(
    ("missed", "words"),
    [
        ([], "80 photos, 80 with a face\n"),
        (["none1", "none2"], "82 photos, 80 with a face; no face in none1, none2\n"),
        (
            ["none1", "none2", "none3"],
            "83 photos, 80 with a face; no face in none1, none2, none3\n",
        ),
        (
            ["none1", "none2", "none3", "none4"],
            "84 photos, 80 with a face; no face in none1, none2, none3…\n",
        ),
    ],
)
def test_photos_without_a_face_are_counted_and_named(
    site: Site, capsys: pytest.CaptureFixture[str], missed: list[str], words: str
) -> None:
    photos = site(40, 40) + [LabelledPhoto(Path(name), share=1, person=name) for name in missed]
    find_site_faces(photos)
    assert capsys.readouterr().out == words
