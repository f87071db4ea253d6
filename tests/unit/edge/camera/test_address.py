from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edge_lambda.camera.address import parse_address
from edge_lambda.errors import CameraError


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("nowhere.mp4", "no such file: nowhere.mp4"),
        ("/", "expected a video file, got a folder: /"),
        ("99", "no camera at /dev/video99"),
        ("/dev/video99", "no camera at /dev/video99"),
        ("ftp://x/y", "unknown scheme 'ftp', expected one of http, https, rtmp, rtsp"),
        ("a\0b", "no such file"),
        (f"{__file__}/x.mp4", "no such file"),
        ("x" * 300, "cannot open x+: file name too long"),
    ],
)
def test_source_is_rejected_when_it_does_not_exist(source: str, problem: str) -> None:
    with pytest.raises(CameraError, match=f"source: {problem}"):
        parse_address(source)


def test_source_is_in_the_home_directory_when_it_starts_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "clip.mp4").touch()
    address = parse_address("~/clip.mp4")
    assert (address.kind, address.target) == ("file", f"file:{tmp_path}/clip.mp4")


def test_ffmpeg_gets_an_absolute_path_when_a_file_name_looks_like_a_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("concat:clip.mp4").touch()
    assert parse_address("concat:clip.mp4").target == f"file:{tmp_path}/concat:clip.mp4"


def test_source_is_a_webcam_when_it_is_a_character_device() -> None:
    address = parse_address("/dev/null")
    assert (address.kind, address.format) == ("webcam", "v4l2")


@pytest.mark.parametrize(("platform", "device"), [("darwin", "avfoundation"), ("win32", "dshow")])
def test_webcam_uses_the_input_device_of_the_platform(
    monkeypatch: pytest.MonkeyPatch, platform: str, device: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    address = parse_address("0")
    assert (address.kind, address.target, address.format) == ("webcam", "0", device)


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("rtsp://me:s3cret@cam.local:554/live?token=s3cret#s3cret", "rtsp://cam.local:554/live"),
        ("RTSP://me:s3cret@cam.local/live", "rtsp://cam.local/live"),
        ("rtsp://me:s3cret@[::1/live", "rtsp://…"),
    ],
)
def test_label_contains_no_password_when_the_stream_has_one(url: str, label: str) -> None:
    address = parse_address(url)
    assert (address.kind, address.target, address.label) == ("stream", url, label)
