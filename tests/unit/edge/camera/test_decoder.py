from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import av
import numpy as np
import pytest

from edge_lambda.camera import open_source
from edge_lambda.camera.address import Address, parse_address
from edge_lambda.camera.decoder import Decoder
from edge_lambda.errors import CameraError
from edge_lambda.settings import CameraSettings
from tests.helpers.video import damaged_video, grey_pictures, write_video

SETTINGS = CameraSettings()


def test_damaged_frames_are_counted_and_skipped(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.avi", grey_pictures(size=(640, 360)), codec="mjpeg")
    content = bytearray(path.read_bytes())
    second = content.index(b"\xff\xd8\xff", content.index(b"\xff\xd8\xff") + 3)
    content[second : second + 1000] = b"\0" * 1000
    path.write_bytes(content)
    source = open_source(str(path), SETTINGS)
    assert len(list(source.frames())) == 24
    assert source.damaged_frames == 1


def test_incomplete_frames_are_counted_and_skipped(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (50, 90, 160, 3), dtype=np.uint8)
    path = write_video(tmp_path / "clip.avi", noise)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    source = open_source(str(path), SETTINGS)
    assert 40 < len(list(source.frames())) < 50
    assert source.damaged_frames > 0


def test_duration_is_that_of_the_video_when_the_sound_is_longer(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=44_100)
        film = container.add_stream("mpeg4", rate=25)
        film.width, film.height, film.pix_fmt = 160, 90, "yuv420p"
        for index in range(25):
            frame = av.VideoFrame.from_ndarray(np.zeros((90, 160, 3), np.uint8), format="rgb24")
            frame.pts = index
            container.mux(film.encode(frame))
        container.mux(film.encode(None))
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 3 * 44_100), np.float32), format="fltp", layout="mono"
        )
        silence.sample_rate = 44_100
        container.mux(sound.encode(silence))
        container.mux(sound.encode(None))
    assert open_source(str(path), SETTINGS).duration_ms == pytest.approx(1000, abs=50)


def test_step_is_that_of_the_frame_rate(tmp_path: Path) -> None:
    path = write_video(tmp_path / "slow.mkv", grey_pictures(10), rate=10)
    assert Decoder(parse_address(str(path))).step_ms == pytest.approx(100)


@pytest.mark.parametrize(("kind", "has_threads"), [("file", True), ("stream", False)])
def test_only_files_are_decoded_by_several_threads_which_delay_frames(
    tmp_path: Path, kind: Literal["file", "stream"], has_threads: bool
) -> None:
    path = write_video(tmp_path / "clip.mp4", grey_pictures())
    decoder = Decoder(Address(kind, str(path), "clip"))
    assert ("AUTO" in str(decoder._stream.codec_context.thread_type)) is has_threads


def test_file_contains_no_video_when_it_is_a_song_with_a_cover(tmp_path: Path) -> None:
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
    with pytest.raises(CameraError, match=r"song\.mp3 contains no video"):
        open_source(str(path), SETTINGS)


@pytest.mark.parametrize("content", [b"", b"no video", b"\0" * 5000])
def test_file_is_rejected_when_it_is_not_a_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(CameraError, match=r"^source: .*x\.mp4 is not a readable video$"):
        list(open_source(str(path), SETTINGS).frames())


def test_file_is_rejected_when_no_frame_can_be_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.h264", grey_pictures(), codec="libx264")
    content = path.read_bytes()
    path.write_bytes(content[len(content) // 3 :])
    with pytest.raises(CameraError, match=r"clip\.h264 is not a readable video"):
        list(open_source(str(path), SETTINGS).frames())


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.avi", "mjpeg"), ("a.mp4", "mpeg4"), ("a.mp4", "libx264"), ("a.mkv", "libx264"),
     ("a.mp4", "libx265")],
)  # fmt: skip
def test_every_frame_is_read_or_counted_as_damaged(tmp_path: Path, name: str, codec: str) -> None:
    whole = open_source(str(damaged_video(tmp_path / f"whole-{name}", (), codec)), SETTINGS)
    assert (len(list(whole.frames())), whole.damaged_frames) == (50, 0)
    path = damaged_video(tmp_path / name, range(10, 40), codec)
    source = open_source(str(path), SETTINGS)
    good = len(list(source.frames()))
    assert 10 <= good <= 20
    assert good + source.damaged_frames == 50


def test_error_says_how_many_frames_are_damaged_when_all_are(tmp_path: Path) -> None:
    path = damaged_video(tmp_path / "a.avi", range(50))
    with pytest.raises(CameraError, match=r"not a readable video: all frames \(50\) are dam"):
        list(open_source(str(path), SETTINGS).frames())


@pytest.mark.parametrize(("kind", "survives"), [("file", True), ("stream", False)])
def test_only_a_file_goes_on_after_an_unusual_error_of_the_decoder(
    tmp_path: Path, kind: Literal["file", "stream"], survives: bool
) -> None:
    path = write_video(tmp_path / "clip.mp4", grey_pictures())
    decoder = Decoder(Address(kind, str(path), "clip"))
    packets = list(decoder._container.demux(decoder._stream))

    def failing() -> list[av.VideoFrame]:
        raise av.error.PatchWelcomeError(0, "not yet implemented")

    bad = SimpleNamespace(decode=failing, size=1, is_discard=False)
    decoder._container = SimpleNamespace(demux=lambda _: [*packets[:5], bad, *packets[5:]])  # type: ignore[assignment]
    if survives:
        assert len(list(decoder.pictures())) == 25
        assert decoder.damaged_frames == 1
    else:
        with pytest.raises(CameraError, match=r"^source: clip: not yet implemented"):
            list(decoder.pictures())


@pytest.mark.parametrize(
    ("kind", "codec", "is_interlaced", "is_discard", "damaged"),
    [
        pytest.param("file", "h264", False, False, 10, id="every other packet gives no picture"),
        pytest.param("file", "h264", True, False, 0, id="two packets hold a field each"),
        pytest.param("file", "h264", False, True, 0, id="an edit list hides the other packets"),
        pytest.param("file", "vp8", False, False, 0, id="a packet of VP8 may be hidden"),
        pytest.param("stream", "h264", False, False, 0, id="a stream may start in the middle"),
    ],
)
def test_dropped_frames_are_counted_only_when_each_packet_holds_a_visible_picture(
    *, tmp_path: Path, kind: Literal["file", "stream"], codec: str, is_interlaced: bool,
    is_discard: bool, damaged: int,
) -> None:  # fmt: skip
    path = write_video(tmp_path / "clip.mp4", grey_pictures())
    decoder = Decoder(Address(kind, str(path), "clip"))
    picture = SimpleNamespace(interlaced_frame=is_interlaced, is_corrupt=False, time=None)
    full = SimpleNamespace(decode=lambda: [picture], size=9, is_discard=False)
    empty = SimpleNamespace(decode=list, size=9, is_discard=is_discard)
    end = SimpleNamespace(decode=list, size=0, is_discard=False)
    packets = [*[empty, full] * 10, end]
    decoder._container = SimpleNamespace(demux=lambda _: packets)  # type: ignore[assignment]
    decoder._stream = SimpleNamespace(codec_context=SimpleNamespace(name=codec))  # type: ignore[assignment]
    assert len(list(decoder.pictures())) == 10
    assert decoder.damaged_frames == damaged
