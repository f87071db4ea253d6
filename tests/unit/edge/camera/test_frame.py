from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from unittest.mock import Mock

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, VideoReformatter

from edge_lambda.camera import Frame, open_source
from edge_lambda.settings import CameraSettings
from tests.helpers.video import grey_pictures, write_video

LIMITED_40 = 16 + 40 * 219 / 255  # luma of grey level 40 in limited range


def first_frame(path: Path) -> Frame:
    frame = next(open_source(str(path), CameraSettings()).frames())
    assert frame is not None
    return frame


def level(frame: Frame) -> float:
    return float(frame.grey().mean())


def test_pictures_are_right_when_rows_are_padded(tmp_path: Path) -> None:
    frame = first_frame(write_video(tmp_path / "clip.mp4", grey_pictures(size=(162, 90))))
    assert (frame.width, frame.height) == (162, 90)
    assert frame.grey().shape == (90, 162)
    assert frame.rgb(81).shape == (45, 81, 3)
    assert level(frame) == pytest.approx(LIMITED_40, abs=2)
    assert frame.rgb(81).mean() == pytest.approx(40, abs=3)


@pytest.mark.parametrize(
    ("name", "codec", "is_limited", "luma"),
    [("clip.mp4", "mpeg4", True, LIMITED_40), ("clip.avi", "mjpeg", False, 40)],
)
def test_range_is_full_when_the_video_is_motion_jpeg(
    tmp_path: Path, name: str, codec: str, is_limited: bool, luma: float
) -> None:
    frame = first_frame(write_video(tmp_path / name, grey_pictures(), codec=codec))
    assert frame.is_limited_range is is_limited
    assert level(frame) == pytest.approx(luma, abs=2)


@pytest.mark.parametrize(
    ("color_range", "is_limited"),
    [(ColorRange.UNSPECIFIED, False), (ColorRange.MPEG, True), (ColorRange.JPEG, False)],
)
def test_range_of_grey_video_is_full_unless_the_video_says_otherwise(
    color_range: ColorRange, is_limited: bool
) -> None:
    picture = av.VideoFrame.from_ndarray(np.zeros((90, 120), np.uint8), format="gray")
    picture.color_range = color_range
    assert Frame(0, 0.0, picture).is_limited_range is is_limited


@pytest.mark.parametrize(
    ("color_range", "is_limited"),
    [(ColorRange.UNSPECIFIED, True), (ColorRange.MPEG, True), (ColorRange.JPEG, False)],
)
def test_range_of_colour_video_is_limited_unless_the_video_says_otherwise(
    color_range: ColorRange, is_limited: bool
) -> None:
    picture = av.VideoFrame(120, 90, "yuv420p")
    picture.color_range = color_range
    assert Frame(0, 0.0, picture).is_limited_range is is_limited


@pytest.mark.parametrize(
    "pixel_format",
    ["yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuvj422p", "nv12", "nv21", "nv16"],
)
def test_luma_plane_is_not_copied_when_the_pixel_format_has_one(pixel_format: str) -> None:
    picture = av.VideoFrame(128, 90, pixel_format)
    plane = np.frombuffer(memoryview(picture.planes[0]), np.uint8)
    assert np.shares_memory(Frame(0, 0.0, picture).grey(), plane)


@pytest.mark.parametrize("pixel_format", ["rgb24", "yuyv422", "yuv420p10le"])
def test_luma_is_full_range_when_the_pixel_format_has_no_8_bit_plane_of_it(
    pixel_format: str,
) -> None:
    picture = av.VideoFrame.from_ndarray(np.full((90, 120, 3), 77, np.uint8), format="rgb24")
    frame = Frame(0, 0.0, picture.reformat(format=pixel_format))
    first, second = frame.grey(), frame.grey()
    assert np.shares_memory(first, second)  # converted once
    assert first.mean() == pytest.approx(77, abs=1)
    assert not frame.is_limited_range


def phone_video(path: Path) -> Path:
    """Write a video with a light upper left quarter that is to be shown a quarter turn clockwise.

    Phones write the turn into the file (ISO 14496-12, 8.3.2).
    """
    pictures = grey_pictures(3, (162, 90), 40, 0)
    for pixels in pictures:
        pixels[:45, :81] = 220
    write_video(path, pictures)
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40
    struct.pack_into(">9i", content, matrix, 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def test_picture_is_upright_when_the_file_is_rotated(tmp_path: Path) -> None:
    frame = first_frame(phone_video(tmp_path / "phone.mp4"))
    grey = frame.grey()
    assert grey.shape == (162, 90) == (frame.height, frame.width)
    assert frame.rgb(81).shape == (81, 45, 3)
    assert grey[:60, 55:].min() > 150  # the upper left corner is now the upper right one
    assert max(grey[:60, :35].max(), grey[100:].max()) < 100


def test_pixels_are_square_when_the_video_is_anamorphic() -> None:
    picture = av.VideoFrame.from_ndarray(np.zeros((90, 120, 3), np.uint8), format="rgb24")
    frame = Frame(0, 0.0, picture.reformat(format="yuv420p"), Fraction(4, 3))
    assert (frame.width, frame.height) == (160, 90)
    assert frame.grey().shape == (90, 160)
    assert frame.rgb(80).shape == (45, 80, 3)
    assert not frame.is_limited_range  # the conversion gives full range


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(160, 90, (45, 80)), (90, 160, (80, 45)), (1000, 1, (1, 80)), (1, 1000, (80, 1))],
)
def test_longer_side_of_the_picture_has_the_given_length(
    width: int, height: int, shape: tuple[int, int]
) -> None:
    frame = Frame(0, 0.0, av.VideoFrame(width, height, "rgb24"))
    assert frame.rgb(80).shape == (*shape, 3)


def test_picture_has_a_column_when_its_pixels_are_a_thousand_times_higher_than_wide() -> None:
    assert Frame(0, 0.0, av.VideoFrame(100, 90, "gray"), Fraction(1, 1000)).grey().shape == (90, 1)


def test_another_thread_can_bring_its_own_scaler() -> None:
    scaler = Mock(wraps=VideoReformatter())
    Frame(0, 0.0, av.VideoFrame(160, 90, "rgb24")).rgb(80, scaler)
    scaler.reformat.assert_called_once()


def gradients(pixel_format: str) -> av.VideoFrame:
    """Return a picture that differs from each of its turned copies."""
    rows, columns = np.mgrid[0:90, 0:160]
    pixels = np.stack([columns + 20, rows + 60, (rows + columns) // 2], axis=2)
    picture = av.VideoFrame.from_ndarray(pixels.astype(np.uint8), format="rgb24")
    return picture.reformat(format=pixel_format)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "rgb24"])
@pytest.mark.parametrize(("rotate", "turns"), [(0, 0), (90, -1), (180, 2), (270, 1)])
def test_pixels_are_turned_clockwise_by_the_angle_of_the_camera(
    pixel_format: str, rotate: int, turns: int
) -> None:
    picture = gradients(pixel_format)
    plain, turned = Frame(0, 0.0, picture), Frame(0, 0.0, picture, rotate=rotate)
    np.testing.assert_array_equal(turned.grey(), np.rot90(plain.grey(), turns))
    np.testing.assert_array_equal(turned.rgb(80), np.rot90(plain.rgb(80), turns))
    assert (
        (turned.height, turned.width)
        == turned.grey().shape
        == ((160, 90) if turns % 2 else (90, 160))
    )
    assert turned.is_limited_range is plain.is_limited_range


@pytest.mark.parametrize(("rotate", "light"), [(0, 1), (90, 3), (180, 2), (270, 0)])
def test_angle_of_the_camera_is_added_to_that_of_the_file(
    tmp_path: Path, rotate: int, light: int
) -> None:
    path = phone_video(tmp_path / "phone.mp4")
    source = open_source(str(path), CameraSettings.model_validate({"rotate": rotate}))
    frame = next(source.frames())
    assert frame is not None
    grey = frame.grey()
    half = grey.shape[0] // 2, grey.shape[1] // 2
    quarters = [
        float(grey[rows, columns].mean())
        for rows in (slice(0, half[0]), slice(half[0], None))
        for columns in (slice(0, half[1]), slice(half[1], None))
    ]  # upper left, upper right, lower left, lower right
    assert int(np.argmax(quarters)) == light


def test_plane_is_not_copied_when_the_camera_hangs_on_its_side() -> None:
    picture = av.VideoFrame(128, 90, "yuv420p")
    plane = np.frombuffer(memoryview(picture.planes[0]), np.uint8)
    assert np.shares_memory(Frame(0, 0.0, picture, rotate=90).grey(), plane)
