"""A folder of images as a source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge_lambda.camera import Frame, open_source
from edge_lambda.errors import CameraError
from edge_lambda.settings import CameraSettings

START = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = CameraSettings(start_time=START, images_per_s=2)


def grey_image(path: Path, level: int, size: tuple[int, int] = (64, 48)) -> None:
    Image.new("RGB", size, (level, level, level)).save(path)


def read(folder: Path, settings: CameraSettings = SETTINGS) -> list[Frame]:
    return [one for one in open_source(str(folder), settings).frames() if one is not None]


def level_of(frame: Frame) -> int:
    return round(float(np.mean(frame.rgb(64))))


def test_images_come_one_frame_each_in_name_order(tmp_path: Path) -> None:
    for name, level in (("b.png", 80), ("a.jpg", 40), ("c%03d.BMP", 120), ("d.webp", 160)):
        grey_image(tmp_path / name, level)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.jpg").write_bytes(b"not an image")
    (tmp_path / "folder.jpg").mkdir()
    frames = read(tmp_path)
    assert [level_of(one) for one in frames] == pytest.approx([40, 80, 120, 160], abs=3)
    assert [one.position_ms for one in frames] == [0, 500, 1000, 1500]


def test_images_have_the_times_of_their_places(tmp_path: Path) -> None:
    for index in range(3):
        grey_image(tmp_path / f"{index}.png", 90)
    source = open_source(str(tmp_path), SETTINGS)
    assert source.duration_ms == 1000
    assert source.time_at(1000) == START + timedelta(seconds=1)
    assert not source.has_system_time


def test_damaged_image_is_counted_and_keeps_its_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for index in range(4):
        grey_image(tmp_path / f"{index}.jpg", 90)
    (tmp_path / "1.jpg").write_bytes(b"damaged")
    (tmp_path / "3.jpg").write_bytes(b"")
    source = open_source(str(tmp_path), SETTINGS)
    frames = [one for one in source.frames() if one is not None]
    assert [one.position_ms for one in frames] == [0, 1000]
    assert (source.damaged_frames, source.is_truncated) == (2, False)
    assert not caplog.records


def test_images_are_read_when_the_folder_has_a_colon_in_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("room:1").mkdir()
    grey_image(Path("room:1/a.png"), 90)
    assert len(read(Path("room:1"))) == 1


def test_images_may_have_different_sizes_and_rotations(tmp_path: Path) -> None:
    grey_image(tmp_path / "a.png", 90, (64, 48))
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held on its side
    Image.new("RGB", (64, 48)).save(tmp_path / "b.jpg", exif=turned)
    sizes = [(one.width, one.height) for one in read(tmp_path)]
    assert sizes == [(64, 48), (48, 64)]


@pytest.mark.parametrize(
    ("name", "problem"),
    [(None, "contains no images"), ("a.jpg", "has no readable image: all frames .1. are damaged")],
)
def test_folder_without_images_is_an_error(tmp_path: Path, name: str | None, problem: str) -> None:
    if name:
        (tmp_path / name).write_bytes(b"damaged")
    with pytest.raises(CameraError, match=problem):
        read(tmp_path)
