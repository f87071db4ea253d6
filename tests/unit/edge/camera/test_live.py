from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest

from edge_lambda.camera import Frame, open_source
from edge_lambda.camera import live as live_module
from edge_lambda.camera import open as open_module
from edge_lambda.camera.address import Address
from edge_lambda.camera.live import LiveSource
from edge_lambda.errors import ConfigError
from edge_lambda.settings import CameraSettings
from tests.helpers.clock import FakeClock
from tests.helpers.video import damaged_video, grey_pictures, write_video
from tests.helpers.waiting import LOOPBACK, wait_until


@pytest.fixture
def looped_clip(tmp_path: Path) -> Address:
    """Return a file as a stream: its end is a lost connection, so it is opened again."""
    return Address("stream", str(write_video(tmp_path / "clip.mp4", grey_pictures())), "clip")


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server((LOOPBACK, 0)) as listening:
        listening.settimeout(20)
        yield listening


def url(server: socket.socket, scheme: str = "rtsp") -> str:
    return f"{scheme}://{LOOPBACK}:{server.getsockname()[1]}/live"


def retries_s(caplog: pytest.LogCaptureFixture) -> list[float]:
    return [float(vars(r)["retry_in_s"]) for r in caplog.records if r.message == "camera lost"]


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(vars(r)["reason"]) for r in caplog.records if r.message == "camera lost"]


def test_newest_frame_comes_first_when_the_reader_is_slow(looped_clip: Address) -> None:
    source = LiveSource(looped_clip, reconnect_max_s=1)
    frames: list[Frame] = []
    for frame in source.frames():
        if frame is not None:
            frames.append(frame)
            time.sleep(0.2)
        if len(frames) == 4:
            break
    source.close()
    indexes = [frame.index for frame in frames]
    assert indexes == sorted(set(indexes))
    assert source.skipped_frames > 20
    assert frames[0].position_ms < frames[-1].position_ms <= source.now_ms()


def test_time_of_a_position_is_that_of_the_system_clock(looped_clip: Address) -> None:
    source = LiveSource(looped_clip)
    now = source.time_at(source.now_ms())
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=0.1)
    assert now - source.time_at(source.now_ms() - 3000) == pytest.approx(
        timedelta(seconds=3), abs=timedelta(seconds=0.1)
    )
    source.close()


def test_caller_gets_control_when_the_camera_sends_nothing(server: socket.socket) -> None:
    source = open_source(url(server), CameraSettings())
    begun = time.monotonic()
    assert [frame for frame, _ in zip(source.frames(), range(2), strict=False)] == [None, None]
    assert time.monotonic() - begun < 2
    source.close()


def test_frames_end_when_the_source_is_closed(server: socket.socket) -> None:
    source = open_source(url(server), CameraSettings())
    frames = source.frames()
    assert next(frames) is None
    source.close()
    assert list(frames) == []


@pytest.mark.parametrize("scheme", ["rtsp", "tcp"])
def test_camera_is_tried_again_when_it_does_not_respond_in_time(
    server: socket.socket, caplog: pytest.LogCaptureFixture, scheme: str
) -> None:
    address = url(server, scheme)
    source = open_source(address, CameraSettings(open_timeout_s=0.3))
    reason = f"source: cannot open {address}: timed out"
    wait_until(lambda: reasons(caplog)[:2] == [reason] * 2)
    assert next(source.frames()) is None
    assert source.problem == reason
    source.close()


def test_reason_is_that_the_video_is_unreadable_when_a_stream_sends_something_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    noise = tmp_path / "noise"
    noise.write_bytes(bytes(5000))
    source = LiveSource(Address("stream", str(noise), "clip"))
    wait_until(lambda: reasons(caplog))
    source.close()
    assert reasons(caplog)[0] == "source: cannot open clip: it sent no readable video"


def test_webcam_is_opened_when_it_is_plugged_in_later(
    looped_clip: Address, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge_lambda")
    path = Path(looped_clip.target)
    away = path.rename(path.with_suffix(".away"))
    source = LiveSource(Address("webcam", str(path), "/dev/video7"))
    wait_until(lambda: reasons(caplog) == ["source: no camera at /dev/video7"])
    away.rename(path)
    assert any(source.frames())
    assert "camera back" in caplog.messages
    source.close()


def test_video_travels_over_tcp_when_the_camera_speaks_rtsp(server: socket.socket) -> None:
    source = open_source(url(server), CameraSettings())
    sdp = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
    connection, _ = server.accept()
    request = ""
    with connection, connection.makefile("r", newline="\r\n") as lines:
        while not request.startswith("SETUP"):
            request = "".join(iter(lines.readline, "\r\n"))
            number = request.partition("CSeq: ")[2].partition("\r")[0]
            body = sdp if request.startswith("DESCRIBE") else ""
            reply = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nContent-Type: application/sdp\r\n"
            reply += f"Public: DESCRIBE, SETUP, PLAY\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            connection.sendall(reply.encode())
    source.close()
    assert "Transport: RTP/AVP/TCP" in request


def test_log_contains_no_password_when_the_camera_refuses(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = open_source("rtsp://me:s3cret@127.0.0.1:1/live", CameraSettings())
    wait_until(lambda: reasons(caplog))
    source.close()
    reason = "source: cannot open rtsp://127.0.0.1:1/live: connection refused"
    assert reasons(caplog)[0] == reason
    assert all("s3cret" not in str(vars(record)) for record in caplog.records)


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_log_says_so_when_the_host_is_unknown(
    scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    # RFC 6761 reserves .invalid: no name server knows it.
    source = open_source(f"{scheme}://me:s3cret@camera.invalid:8554/live", CameraSettings())
    wait_until(lambda: reasons(caplog))
    source.close()
    label = f"{scheme}://camera.invalid:8554/live"
    assert reasons(caplog)[0] == f"source: cannot open {label}: no such host, or no name server"


@pytest.mark.parametrize("where", ["open", "read"])
def test_thread_is_started_again_when_it_fails_unforeseen(
    monkeypatch: pytest.MonkeyPatch, looped_clip: Address, caplog: pytest.LogCaptureFixture,
    where: str,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO, "edge_lambda")
    failures = iter([MemoryError(f"no room for {looped_clip.target}")])

    class Camera(live_module.Decoder):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            if where == "open":
                self.fail()

        def pictures(self) -> Iterator[tuple[av.VideoFrame, float | None]]:
            if where == "read":
                self.fail()
            yield from super().pictures()

        @staticmethod
        def fail() -> None:
            for error in failures:
                raise error

    monkeypatch.setattr(live_module, "Decoder", Camera)
    source = LiveSource(looped_clip)
    assert any(source.frames())
    source.close()
    assert source.restarts == 1
    assert caplog.messages[:2] == ["camera thread failed", "camera back"]
    assert vars(caplog.records[0])["reason"] == "MemoryError('no room for clip')"  # no password


def test_thread_is_replaced_when_it_hangs(
    monkeypatch: pytest.MonkeyPatch, looped_clip: Address, caplog: pytest.LogCaptureFixture
) -> None:
    released, hangs = threading.Event(), iter([True])

    class Camera(live_module.Decoder):
        def __init__(self, *args: Any) -> None:
            if next(hangs, False):
                released.wait(20)
            super().__init__(*args)

    monkeypatch.setattr(live_module, "Decoder", Camera)
    monkeypatch.setattr(live_module, "_HANG_S", 0.5)
    source = LiveSource(looped_clip, open_timeout_s=0.1)
    frames = source.frames()
    assert any(frames)
    assert (source.restarts, source.is_stuck) == (1, True)
    assert "camera thread hangs" in caplog.messages
    released.set()
    wait_until(lambda: not source.is_stuck)
    source.close()


def test_thread_that_waits_does_not_hang(
    monkeypatch: pytest.MonkeyPatch, server: socket.socket
) -> None:
    monkeypatch.setattr(live_module, "_BEAT_S", 0.05)
    monkeypatch.setattr(live_module, "_HANG_S", 0.3)
    address = url(server)
    server.close()
    source = LiveSource(Address("stream", address, address), open_timeout_s=0.05)
    frames = source.frames()
    begun = time.monotonic()
    while time.monotonic() - begun < 2:
        assert next(frames) is None
    source.close()
    assert source.restarts == 0


def test_start_time_is_rejected_when_the_source_is_live() -> None:
    settings = CameraSettings(start_time=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ConfigError, match=r"camera\.start_time: allowed for video files only"):
        open_source("rtsp://127.0.0.1:1/live", settings)


def test_camera_is_reopened_until_it_is_back_when_it_was_lost(
    looped_clip: Address, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge_lambda")
    path = Path(looped_clip.target)
    source = LiveSource(looped_clip)
    wait_until(lambda: "camera lost" in caplog.messages)
    away = path.rename(path.with_suffix(".away"))
    wait_until(lambda: "cannot open clip: no such file or directory" in reasons(caplog)[-1])
    assert "camera back" not in caplog.messages[-1]
    away.rename(path)
    wait_until(
        lambda: caplog.messages[-1] == "camera back" or reasons(caplog)[-1] == "stream ended"
    )
    source.close()


@pytest.mark.parametrize(
    ("resets", "reason"), [(True, "connection reset by peer"), (False, "timed out")]
)
def test_camera_is_reopened_when_the_connection_breaks_or_sends_nothing(
    *, server: socket.socket, tmp_path: Path, caplog: pytest.LogCaptureFixture,
    resets: bool, reason: str,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO, "edge_lambda")
    content = write_video(tmp_path / "clip.ts", grey_pictures(50)).read_bytes()
    address = url(server, "tcp")
    source = open_source(address, CameraSettings(open_timeout_s=0.5))
    connection, _ = server.accept()
    connection.sendall(content)
    wait_until(lambda: source.skipped_frames > 5)
    if resets:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    wait_until(lambda: reasons(caplog) == [f"source: {address}: {reason}"])
    again, _ = server.accept()
    again.sendall(content)
    wait_until(lambda: "camera back" in caplog.messages)
    source.close()
    connection.close()
    again.close()


def test_damaged_frames_of_the_current_and_of_earlier_connections_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = damaged_video(tmp_path / "clip.avi", range(20, 30))
    source = LiveSource(Address("stream", str(path), "clip"))
    wait_until(lambda: source.damaged_frames > 0)
    wait_until(lambda: len(retries_s(caplog)) == 2)
    wait_until(lambda: source.damaged_frames % 10 == 0)
    assert source.damaged_frames >= 20
    source.close()


@pytest.mark.parametrize(("held_s", "resets"), [(8.5, False), (11.5, True)])
def test_pauses_start_over_when_a_connection_lasted_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, held_s: float, resets: bool
) -> None:
    clock = FakeClock()

    class Camera:
        damaged_frames = 1
        sample_aspect_ratio = None

        def __init__(self, *_: Any) -> None: ...

        def pictures(self) -> Iterator[tuple[av.VideoFrame, None]]:
            yield av.VideoFrame(16, 16, "gray"), None
            clock.sleep(held_s)

        def close(self) -> None: ...

    monkeypatch.setattr(live_module, "time", clock)
    monkeypatch.setattr(live_module, "Decoder", Camera)
    source = LiveSource(Address("stream", "x", "x"))
    wait_until(lambda: len(retries_s(caplog)) >= 3)
    source.close()
    assert (max(retries_s(caplog)[:3]) <= 0.5) is resets
    assert source.damaged_frames >= 3


def test_pauses_grow_to_the_longest_one_when_a_camera_is_lost_at_once(
    looped_clip: Address, caplog: pytest.LogCaptureFixture
) -> None:
    source = LiveSource(looped_clip, reconnect_max_s=1)
    wait_until(lambda: len(retries_s(caplog)) >= 4)
    source.close()
    first, _, third, fourth = retries_s(caplog)[:4]
    assert 0.25 <= first <= 0.5 <= min(third, fourth)
    assert max(third, fourth) <= 1


def test_reading_ends_when_the_source_is_closed_while_it_waits(
    looped_clip: Address, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge_lambda")
    before = threading.active_count()
    source = LiveSource(looped_clip)
    wait_until(lambda: "camera lost" in caplog.messages)
    source.close()
    wait_until(lambda: threading.active_count() <= before, 5)
    assert caplog.messages[-1] == "camera lost"  # it was not opened once more


@pytest.mark.parametrize(("rotate", "shape"), [(0, (90, 162)), (270, (162, 90))])
def test_frames_are_turned_when_the_camera_hangs_on_its_side(
    monkeypatch: pytest.MonkeyPatch, looped_clip: Address, rotate: int, shape: tuple[int, int]
) -> None:
    monkeypatch.setattr(open_module, "parse_address", lambda _: looped_clip)
    source = open_source("clip", CameraSettings.model_validate({"rotate": rotate}))
    assert isinstance(source, LiveSource)
    frame = next(frame for frame in source.frames() if frame is not None)
    source.close()
    assert frame.grey().shape == shape == (frame.height, frame.width)


def test_raw_video_over_tcp_is_read_as_camera_programs_send_it(
    server: socket.socket, tmp_path: Path
) -> None:
    """`rpicam-vid --inline --listen -o tcp://…` sends H.264 without a container."""
    clip = write_video(tmp_path / "clip.h264", grey_pictures(50), codec="libx264")

    def send() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            for _ in range(40):
                connection.sendall(clip.read_bytes())

    threading.Thread(target=send, daemon=True).start()
    address = f"tcp://{LOOPBACK}:{server.getsockname()[1]}"
    with closing(open_source(address, CameraSettings())) as source:
        frame = next(one for one in source.frames() if one is not None)
        assert (frame.width, frame.height) == (162, 90)
