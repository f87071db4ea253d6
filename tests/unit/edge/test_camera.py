from __future__ import annotations

import struct
import threading
import time
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from edge_lambda.camera import Frame, open_source
from edge_lambda.camera.address import Address, parse_address
from edge_lambda.camera.live import LiveSource
from edge_lambda.camera.timeline import Timeline
from edge_lambda.errors import CameraError, ConfigError
from edge_lambda.settings import CameraSettings

START = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = CameraSettings(start_time=START)


def positions(path: Path) -> list[float]:
    return [frame.position_ms for frame in open_source(str(path), SETTINGS).frames()]


def level(frame: Frame) -> int:
    return round(float(frame.grey().mean()))


def test_every_frame_comes_at_its_timestamp_when_frame_rate_varies(write_video) -> None:
    times = [0, 40, 80, 400, 410, 1000, 3000]
    assert positions(write_video("vfr.mkv", times)) == pytest.approx(times)


def test_first_frame_is_zero_when_timestamps_start_late(write_video) -> None:
    assert positions(write_video("late.mkv", [5000, 5040, 5080])) == pytest.approx([0, 40, 80])


def test_time_is_start_plus_position_when_source_is_a_file(write_video) -> None:
    source = open_source(str(write_video()), SETTINGS)
    assert source.time_at(1500).isoformat() == "2026-01-01T00:00:01.500000+00:00"
    assert source.duration_ms == pytest.approx(1000, abs=50)


def test_file_is_paced_when_realtime(write_video) -> None:
    path = write_video(times_ms=list(range(0, 400, 40)))
    begun = time.monotonic()
    frames = [f for f in open_source(str(path), CameraSettings(realtime=True)).frames() if f]
    assert len(frames) == 10
    assert time.monotonic() - begun >= 0.36


def test_pictures_are_right_when_rows_are_padded(write_video) -> None:
    (frame, *_) = open_source(str(write_video(size=(162, 90))), SETTINGS).frames()
    assert frame.grey().shape == (90, 162)
    assert frame.rgb(81).shape == (45, 81, 3)
    assert frame.is_limited_range
    assert level(frame) == pytest.approx(16 + 40 * 219 / 255, abs=2)
    assert frame.rgb(81).mean() == pytest.approx(40, abs=3)


def test_range_is_full_when_video_is_motion_jpeg(write_video) -> None:
    (frame, *_) = open_source(str(write_video("m.avi", codec="mjpeg")), SETTINGS).frames()
    assert not frame.is_limited_range
    assert level(frame) == pytest.approx(40, abs=2)


def test_frames_follow_when_their_size_changes(write_video, tmp_path: Path) -> None:
    joined = tmp_path / "joined.ts"
    parts = [write_video(f"{i}.ts", size=s) for i, s in enumerate([(160, 90), (320, 240)])]
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    frames = list(open_source(str(joined), SETTINGS).frames())
    assert {frame.grey().shape for frame in frames} == {(90, 160), (240, 320)}
    times = [frame.position_ms for frame in frames]
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(2000, abs=200)


def test_picture_is_upright_when_the_file_says_so(write_video, tmp_path: Path) -> None:
    path = write_video(size=(162, 90), has_light_corner=True)
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40
    # A quarter turn clockwise, as phones write it (ISO 14496-12, 8.3.2).
    struct.pack_into(">9i", content, matrix, 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    (frame, *_) = open_source(str(path), SETTINGS).frames()
    assert frame.grey().shape == (162, 90)
    assert frame.rgb(81).shape == (81, 45, 3)
    assert frame.width == 90
    grey = frame.grey()
    assert grey[:60, 55:].min() > 150  # the upper left corner is the upper right one now
    assert max(grey[:60, :35].max(), grey[100:].max()) < 100


def test_pixels_become_square_when_the_video_is_anamorphic() -> None:
    picture = av.VideoFrame.from_ndarray(np.zeros((90, 120, 3), np.uint8), format="rgb24")
    frame = Frame(0, 0.0, picture, Fraction(4, 3))
    assert frame.grey().shape == (90, 160)
    assert frame.rgb(80).shape == (45, 80, 3)


def test_luma_is_scaled_once_when_the_video_has_no_plane_of_it() -> None:
    picture = av.VideoFrame.from_ndarray(np.full((90, 120, 3), 77, np.uint8), format="rgb24")
    frame = Frame(0, 0.0, picture)
    first, second = frame.grey(), frame.grey()
    assert np.shares_memory(first, second)
    assert np.unique(first).tolist() == [77]


@pytest.mark.parametrize(
    ("timestamps", "expected"),
    [
        ([100.0, 140.0, 180.0], [0, 40, 80]),
        ([None, None, 80.0], [0, 40, 80]),
        ([0.0, None, 80.0], [0, 40, 80]),
        ([0.0, 40.0, 30.0, 120.0], [0, 40, 41, 120]),
        ([0.0, 40.0, 40.0, 80.0], [0, 40, 41, 80]),
        ([9000.0, 9040.0, 0.0, 40.0], [0, 40, 80, 120]),
    ],
)
def test_positions_grow_whatever_the_timestamps(timestamps, expected) -> None:
    timeline = Timeline(40.0)
    assert [timeline.position_ms(t) for t in timestamps] == expected


def test_file_ends_early_when_it_is_cut_off(write_video, tmp_path: Path) -> None:
    path = write_video("whole.mkv")
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert 3 < len(positions(cut)) < 25


def cut_off(path: Path, share: float) -> Path:
    cut = path.with_name(f"cut-{path.name}")
    cut.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return cut


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4"])
def test_length_is_told_when_a_file_is_cut_in_half(
    write_video, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    path = write_video(name, list(range(0, 8000, 40)), grey_step=1, movflags="faststart")
    positions(path)
    assert "video breaks off" not in caplog.messages
    positions(cut_off(path, 0.5))
    assert "video breaks off" in caplog.messages


def test_nothing_is_said_when_a_file_is_whole_and_starts_late(
    write_video, caplog: pytest.LogCaptureFixture
) -> None:
    positions(write_video("late.mkv", list(range(5000, 9000, 160))))
    assert "video breaks off" not in caplog.messages


def test_damaged_frames_are_counted_while_the_file_is_read(write_video) -> None:
    path = write_video("m.avi", codec="mjpeg", size=(640, 360))
    content = bytearray(path.read_bytes())
    second = content.index(b"\xff\xd8\xff", content.index(b"\xff\xd8\xff") + 3)
    content[second : second + 1000] = b"\0" * 1000
    path.write_bytes(content)
    source = open_source(str(path), SETTINGS)
    frames = source.frames()
    seen = [next(frames) for _ in range(15)]
    assert len(seen) == 15
    assert source.damaged_frames >= 1


def test_cover_of_music_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    cover = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
    with av.open(str(path), "w") as container:
        sound = container.add_stream("mp3", rate=44_100)
        picture = container.add_stream("mjpeg")
        picture.width = picture.height = 64
        picture.pix_fmt = "yuvj420p"
        picture.disposition = av.stream.Disposition.attached_pic
        container.mux(picture.encode(cover))
        container.mux(picture.encode(None))
        samples = np.zeros((1, 1152), np.int16)
        silence = av.AudioFrame.from_ndarray(samples, format="s16p", layout="mono")
        silence.sample_rate = 44_100
        container.mux(sound.encode(silence))
        container.mux(sound.encode(None))
    with pytest.raises(CameraError, match=r"song\.mp3 holds no video"):
        open_source(str(path), SETTINGS)


@pytest.mark.parametrize(
    ("color_range", "is_limited"),
    [(ColorRange.UNSPECIFIED, False), (ColorRange.MPEG, True), (ColorRange.JPEG, False)],
)
def test_range_of_grey_video_is_what_the_video_says(color_range, is_limited: bool) -> None:
    picture = av.VideoFrame.from_ndarray(np.zeros((90, 120), np.uint8), format="gray")
    picture.color_range = color_range
    assert Frame(0, 0.0, picture).is_limited_range == is_limited


def test_waits_grow_when_a_camera_breaks_off_again_and_again(
    write_video, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_video(times_ms=[0, 40, 80])
    source = LiveSource(Address("stream", str(path), "clip"))
    waits: list[float] = []
    until = time.monotonic() + 20
    while len(waits) < 3 and time.monotonic() < until:
        time.sleep(0.05)
        waits = [r.retry_in_s for r in caplog.records if hasattr(r, "retry_in_s")]
    source.close()
    assert waits[2] >= 1


@pytest.mark.parametrize("content", [b"", b"no video", b"\0" * 5000])
def test_one_line_is_told_when_file_is_no_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(CameraError, match=r"x\.mp4"):
        list(open_source(str(path), SETTINGS).frames())


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("nowhere.mp4", "no such file: nowhere.mp4"),
        ("/", "a folder"),
        ("99", "no camera at /dev/video99"),
        ("/dev/video99", "no camera"),
        ("ftp://x/y", "unknown scheme"),
        ("a\0b", "no such file"),
        (f"{__file__}/x.mp4", "no such file"),
        ("x" * 300, "cannot open x+: file name too long"),
    ],
)
def test_source_is_refused_when_it_is_not_there(source: str, problem: str) -> None:
    with pytest.raises(CameraError, match=problem):
        parse_address(source)


def test_home_is_meant_when_the_source_starts_with_a_tilde(
    write_video, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(write_video().parent))
    assert parse_address("~/clip.mp4").kind == "file"


def test_password_is_not_shown_when_a_stream_has_one() -> None:
    address = parse_address("rtsp://me:s3cret@cam.local:554/live?token=s3cret#s3cret")
    assert address.shown == "rtsp://cam.local:554/live"


def test_password_is_not_told_when_a_stream_is_refused() -> None:
    with pytest.raises(CameraError) as caught:
        list(open_source("rtsp://me:s3cret@127.0.0.1:1/live", CameraSettings()).frames())
    assert "s3cret" not in str(caught.value)
    assert "connection refused" in str(caught.value)


def test_start_time_is_refused_when_source_is_live() -> None:
    with pytest.raises(ConfigError, match="start_time"):
        open_source("rtsp://127.0.0.1:1/live", SETTINGS)


def test_newest_frame_wins_when_the_reader_is_slow(write_video) -> None:
    # A stream that ends is opened again, so a file serves as an endless camera.
    path = write_video()
    source = LiveSource(Address("stream", str(path), "clip"), reconnect_max_s=1)
    frames, last = [], -1
    for frame in source.frames():
        if frame is not None:
            frames.append(frame)
            assert frame.index > last
            last = frame.index
            time.sleep(0.2)
        if len(frames) == 4:
            break
    source.close()
    assert source.skipped_frames > 20
    assert frames[0].position_ms < frames[-1].position_ms <= source.now_ms()
    lag = abs((source.time_at(source.now_ms()) - datetime.now(UTC)).total_seconds())
    assert lag < 0.1
    assert threading.active_count() < 20
