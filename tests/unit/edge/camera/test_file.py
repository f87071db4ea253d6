from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import pytest

from edge_lambda.camera import file as file_module
from edge_lambda.camera import open_source
from edge_lambda.errors import CameraError
from edge_lambda.settings import CameraSettings
from tests.helpers.clock import FakeClock
from tests.helpers.video import STEP_MS, grey_pictures, write_video

START = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = CameraSettings(start_time=START)
TRUNCATED = "video is truncated"


def positions(path: Path) -> list[float]:
    frames = open_source(str(path), SETTINGS).frames()
    return [frame.position_ms for frame in frames if frame is not None]


def cut_off(path: Path, share: float) -> Path:
    cut = path.with_name(f"cut-{path.name}")
    cut.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return cut


def test_every_frame_has_its_timestamp_when_the_frame_rate_varies(tmp_path: Path) -> None:
    times = [0, 40, 80, 400, 410, 1000, 3000]
    path = write_video(tmp_path / "vfr.mkv", grey_pictures(7), times_ms=times)
    assert positions(path) == pytest.approx(times)


def test_first_frame_is_at_zero_when_timestamps_start_late(tmp_path: Path) -> None:
    times = [5000, 5040, 5080]
    path = write_video(tmp_path / "late.mkv", grey_pictures(3), times_ms=times)
    assert positions(path) == pytest.approx([0, 40, 80])


def test_frames_are_spaced_by_the_frame_rate_when_there_are_no_timestamps(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.h264", grey_pictures(), codec="libx264")
    assert positions(path) == [STEP_MS * index for index in range(25)]


@pytest.mark.parametrize(
    ("name", "codec", "duration_ms"),
    [("a.mp4", "mpeg4", 1000), ("a.mkv", "mpeg4", 1000), ("a.mjpeg", "mjpeg", None)],
)
def test_duration_is_known_when_stream_or_container_have_it(
    tmp_path: Path, name: str, codec: str, duration_ms: float | None
) -> None:
    path = write_video(tmp_path / name, grey_pictures(), codec=codec)
    duration = open_source(str(path), SETTINGS).duration_ms
    assert duration is duration_ms or duration == pytest.approx(duration_ms, abs=50)


def test_time_is_start_time_plus_position(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", grey_pictures())
    source = open_source(str(path), SETTINGS)
    assert source.time_at(1500).isoformat() == "2026-01-01T00:00:01.500000+00:00"
    for _ in source.frames():
        pass
    assert source.now_ms() == pytest.approx(24 * STEP_MS)


def test_time_is_utc_when_the_start_time_is_in_another_time_zone(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", grey_pictures())
    start = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    source = open_source(str(path), CameraSettings(start_time=start))
    assert source.time_at(0).isoformat() == "2026-01-01T00:00:00+00:00"


def test_file_starts_now_when_it_has_no_start_time(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", grey_pictures())
    start = open_source(str(path), CameraSettings()).time_at(0)
    assert abs(start - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(file_module, "time", clock)
    return clock


def test_file_takes_its_own_time_when_realtime(tmp_path: Path, clock: FakeClock) -> None:
    path = write_video(tmp_path / "clip.mp4", grey_pictures(10))
    times = []
    for frame in open_source(str(path), CameraSettings(realtime=True)).frames():
        assert frame is not None
        times.append(clock.monotonic() * 1000)
    assert times == pytest.approx([STEP_MS * index for index in range(10)])


def test_caller_gets_control_five_times_a_second_when_realtime_frames_are_rare(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = write_video(tmp_path / "rare.mkv", grey_pictures(2), times_ms=[0, 990])
    frames = list(open_source(str(path), CameraSettings(realtime=True)).frames())
    assert [frame is None for frame in frames] == [False, True, True, True, True, False]


def test_file_is_read_at_full_speed_when_not_realtime(tmp_path: Path, clock: FakeClock) -> None:
    assert len(positions(write_video(tmp_path / "clip.mp4", grey_pictures()))) == 25
    assert clock.monotonic() == 0


def test_frames_continue_when_their_size_changes(tmp_path: Path) -> None:
    joined = tmp_path / "joined.ts"
    sizes = [(160, 90), (320, 240)]
    parts = [write_video(tmp_path / f"{s[0]}.ts", grey_pictures(size=s)) for s in sizes]
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    frames = [frame for frame in open_source(str(joined), SETTINGS).frames() if frame is not None]
    assert {frame.grey().shape for frame in frames} == {(90, 160), (240, 320)}
    times = [frame.position_ms for frame in frames]
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(2000, abs=200)


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4"])
def test_warning_is_logged_once_when_a_file_is_cut_in_half(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    path = write_video(tmp_path / name, grey_pictures(200, step=1), movflags="faststart")
    assert len(positions(path)) == 200
    assert TRUNCATED not in caplog.messages
    assert 50 < len(positions(cut_off(path, 0.5))) < 150
    assert caplog.messages.count(TRUNCATED) == 1


def test_no_warning_is_logged_when_a_whole_file_starts_late(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    times = list(range(5000, 9000, 160))
    positions(write_video(tmp_path / "late.mkv", grey_pictures(), times_ms=times))
    assert TRUNCATED not in caplog.messages


Decoded = Iterator[tuple[av.VideoFrame, float]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """Return the positions of a file of some duration that decodes to the given pictures."""

    def positions_of(
        pictures: Callable[[], Decoded], duration_ms: float | None, damaged_frames: int = 0
    ) -> list[float]:
        decoder = SimpleNamespace(
            step_ms=STEP_MS, duration_ms=duration_ms, sample_aspect_ratio=None, pictures=pictures,
            close=lambda: None, damaged_frames=damaged_frames,
        )  # fmt: skip
        monkeypatch.setattr(file_module, "Decoder", lambda _: decoder)
        (tmp_path / "clip.mp4").touch()
        return positions(tmp_path / "clip.mp4")

    return positions_of


def picture(duration_ms: int = 0) -> av.VideoFrame:
    made = av.VideoFrame(16, 16, "gray")
    made.time_base = Fraction(1, 1000)
    made.duration = duration_ms
    return made


@pytest.mark.parametrize(
    ("duration_ms", "last_ms", "is_truncated"),
    [
        pytest.param(10_000, 9_100, False, id="0.9 s missing"),
        pytest.param(10_000, 8_900, True, id="1.1 s missing"),
        pytest.param(100_000, 98_200, False, id="1.8 % missing"),
        pytest.param(100_000, 97_800, True, id="2.2 % missing"),
        pytest.param(None, 8_900, False, id="duration unknown"),
    ],
)
def test_file_is_truncated_when_more_than_a_second_and_two_percent_are_missing(
    *,
    read: Callable[..., list[float]],
    caplog: pytest.LogCaptureFixture,
    duration_ms: float | None,
    last_ms: float,
    is_truncated: bool,
) -> None:
    def pictures() -> Decoded:
        yield picture(), 0.0
        yield picture(), last_ms

    assert read(pictures, duration_ms) == [0.0, last_ms]
    assert (TRUNCATED in caplog.messages) is is_truncated


def test_file_is_not_truncated_when_its_last_picture_is_shown_for_long(
    read: Callable[..., list[float]], caplog: pytest.LogCaptureFixture
) -> None:
    def pictures() -> Decoded:
        yield picture(duration_ms=5000), 0.0

    assert read(pictures, 5000) == [0.0]
    assert TRUNCATED not in caplog.messages


@pytest.mark.parametrize(("damaged_frames", "is_truncated"), [(0, True), (24, True), (26, False)])
def test_file_is_not_truncated_when_its_last_frames_are_damaged(
    read: Callable[..., list[float]],
    caplog: pytest.LogCaptureFixture,
    damaged_frames: int,
    is_truncated: bool,
) -> None:
    def pictures() -> Decoded:
        yield picture(), 8_000.0

    read(pictures, 10_000, damaged_frames)  # 2 s are missing, 1 s may be
    assert (TRUNCATED in caplog.messages) is is_truncated


def test_frames_before_an_error_are_kept_and_the_error_is_logged_once(
    read: Callable[..., list[float]], caplog: pytest.LogCaptureFixture
) -> None:
    def pictures() -> Decoded:
        yield picture(), 0.0
        raise CameraError("source: clip.mp4: input/output error")

    assert read(pictures, 10_000) == [0.0]
    (record,) = [record for record in caplog.records if record.message == TRUNCATED]
    assert vars(record)["error"] == "source: clip.mp4: input/output error"


def test_error_is_raised_when_there_is_no_frame_before_it(
    read: Callable[..., list[float]],
) -> None:
    def pictures() -> Decoded:
        yield from ()
        raise CameraError("source: clip.mp4: input/output error")

    with pytest.raises(CameraError, match="input/output error"):
        read(pictures, 10_000)
