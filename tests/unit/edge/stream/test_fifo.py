from __future__ import annotations

import io
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from edge_lambda.errors import ConfigError
from edge_lambda.stream import FifoWriter, ProjectStream, Scene
from tests.helpers.scenes import grey_frame
from tests.helpers.waiting import wait_until

BETWEEN_PICTURES = b"\xff\xd9\xff\xd8"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.mjpeg"


@pytest.fixture
def writer(stream: ProjectStream, path: Path) -> Iterator[FifoWriter]:
    made = FifoWriter(stream, path)
    yield made
    made.close()


def read_fifo(path: Path, count: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        data = b""
        while data.count(BETWEEN_PICTURES) < count:
            data += file.read(4096)
    return data


@pytest.mark.usefixtures("writer")
def test_fifo_can_be_read_twice_and_costs_nothing_in_between(
    stream: ProjectStream, drawn: list[Scene], camera: Callable[[], int], path: Path
) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    wait_until(lambda: camera() > 5)
    assert drawn == []
    for _ in range(2):
        data = read_fifo(path, 2)
        end = data.index(BETWEEN_PICTURES) + 2
        assert data.startswith(b"\xff\xd8")
        assert Image.open(io.BytesIO(data[:end])).size == (320, 180)
        wait_until(lambda: not stream.is_watched)


def test_fifo_stays_when_the_stream_ends(
    writer: FifoWriter, path: Path, camera: Callable[[], int]
) -> None:
    read_fifo(path, 1)
    writer.close()
    assert path.is_fifo()


@pytest.mark.usefixtures("writer")
def test_reader_is_served_within_a_second(camera: Callable[[], int], path: Path) -> None:
    time.sleep(0.3)  # the writer waits for a reader now
    begun = time.monotonic()
    read_fifo(path, 1)
    assert time.monotonic() - begun < 1


@pytest.mark.usefixtures("writer")
def test_watching_ends_when_the_reader_leaves_while_the_camera_sends_nothing(
    stream: ProjectStream, path: Path
) -> None:
    with path.open("rb", buffering=0):
        wait_until(lambda: stream.is_watched)
    wait_until(lambda: not stream.is_watched, 5)


@pytest.mark.usefixtures("writer")
def test_picture_is_whole_when_it_is_larger_than_the_fifo(
    stream: ProjectStream, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = b"\xff\xd8" + bytes(1_000_000) + b"\xff\xd9"
    monkeypatch.setattr(stream, "_encode", lambda _: large)
    with path.open("rb", buffering=0) as file:
        wait_until(lambda: stream.is_watched)
        stream.show(grey_frame(), [])
        data = b""
        while len(data) < len(large):
            data += file.read(65536)
    assert data == large


def test_writing_ends_at_once_when_the_device_stops(
    writer: FifoWriter, stream: ProjectStream, path: Path
) -> None:
    with path.open("rb", buffering=0):
        wait_until(lambda: stream.is_watched)
        stream.close()
        begun = time.monotonic()
        writer.close()
        assert time.monotonic() - begun < 1
    assert not any(thread.name == "stream fifo" for thread in threading.enumerate())


def test_fifo_is_used_when_it_exists(
    stream: ProjectStream, path: Path, camera: Callable[[], int]
) -> None:
    os.mkfifo(path, 0o644)
    writer = FifoWriter(stream, path)
    assert read_fifo(path, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    writer.close()


def test_path_is_rejected_when_it_is_a_file(stream: ProjectStream, path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(ConfigError, match=r"stream\.fifo: .* exists and is not a FIFO"):
        FifoWriter(stream, path)
    assert path.read_text() == "mine"


def test_path_is_rejected_when_it_is_a_link(
    stream: ProjectStream, path: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="is not a FIFO"):
        FifoWriter(stream, path)


def test_path_is_rejected_when_its_folder_does_not_exist(
    stream: ProjectStream, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"stream\.fifo: .*no such file"):
        FifoWriter(stream, tmp_path / "missing" / "results.mjpeg")


def test_path_is_rejected_when_it_belongs_to_another_user(
    stream: ProjectStream, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(path)
    owner = path.stat().st_uid
    if not owner:  # a FIFO of root is accepted
        os.chown(path, 12345, -1)
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    with pytest.raises(ConfigError, match="belongs to another user"):
        FifoWriter(stream, path)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make its FIFO")
def test_fifo_of_root_is_accepted(
    stream: ProjectStream, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(path)
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    FifoWriter(stream, path).close()


@pytest.mark.usefixtures("writer")
def test_nothing_is_written_when_a_link_replaces_the_fifo(
    path: Path, tmp_path: Path, camera: Callable[[], int]
) -> None:
    os.mkfifo(tmp_path / "elsewhere")
    reader = os.open(tmp_path / "elsewhere", os.O_RDONLY | os.O_NONBLOCK)
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    seen = camera()
    time.sleep(0.7)  # longer than the pause between two attempts to open it
    wait_until(lambda: camera() > seen)
    assert os.read(reader, 1) == b""
    os.close(reader)


@pytest.mark.usefixtures("writer")
def test_nothing_is_written_when_a_file_replaces_the_fifo(
    path: Path, camera: Callable[[], int]
) -> None:
    path.unlink()
    path.touch()
    seen = camera()
    time.sleep(0.7)
    wait_until(lambda: camera() > seen)
    assert path.read_bytes() == b""
