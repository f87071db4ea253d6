from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

import pytest

from edge_lambda.camera import address as module
from edge_lambda.camera.address import parse_address
from edge_lambda.errors import CameraError


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("nowhere.mp4", "no such file: nowhere.mp4"),
        ("ftp://x/y", "unknown scheme 'ftp', expected one of http, https, rtmp, rtsp"),
        ("a\0b", "no such file"),
        (f"{__file__}/x.mp4", "no such file"),
        ("x" * 300, "cannot open x+: file name too long"),
        ("rtsp:/me:s3cret@cam/live", r"expected rtsp://, got rtsp:/$"),
        ("RTSP:me:s3cret@cam/live", r"expected rtsp://, got rtsp:$"),
        ("http//me:s3cret@cam/live", r"expected http://, got http//$"),
        ("me:s3cret@cam/live", "no such file: …@cam/live"),
        ("me:s3cret@" + "x" * 300, "cannot open …@x+: file name too long"),
        ("rtps://me:s3cret@cam/live", "unknown scheme 'rtps'"),
        ("rtsp://me:s3/cret@cam/live", "the password contains / or # or .: write / as %2F"),
        ("rtsp://me:s3#cret@cam/live", "the password contains / or # or .: write / as %2F"),
        ("rtsp://me:s3?cret@cam/live", "the password contains / or # or .: write / as %2F"),
        ("rtsp://me:/s3cret@cam/live", "the password contains / or # or .: write / as %2F"),
        ("rtsp://cam:99999/x", "expected a port from 1 to 65535 after the host$"),
        ("rtsp://me:s3cret@cam:0/x", "expected a port from 1 to 65535 after the host$"),
        ("rtsp://cam:/x", "expected a port"),
        ("rtsp://me:s3cret", "expected a port"),
        ("rtsp://[::1/x", r"expected an IPv6 address in brackets, such as \[fd00::1\]$"),
        ("rtsp://me:s3cret@[cam]/x", "expected an IPv6 address"),
        ("rtsp://fe80::1/x", "expected an IPv6 address"),
        ("http://", "the address has no host$"),
        ("RTSP:///live", "the address has no host$"),
        ("rtsp://me:s3cret@/live", "the address has no host$"),
        ("http://:8080/", "the address has no host$"),
        ("tcp://:8080", "the address has no host$"),
        ("rtsp://my cam/live", "expected a host name or an IP address$"),
        ("rtsp://cam..local/live", "expected a host name"),
        (f"rtsp://{'x' * 64}/live", "expected a host name"),
        (f"rtsp://{'x.' * 127}x/live", "expected a host name"),
        ("rtsp://300.1.1.1/live", "expected a host name"),
        ("tcp://cam", "expected a port, as in tcp://host:port$"),
        ("udp://239.0.0.1", "expected a port, as in udp://host:port$"),
        ("rtsp://cam/li\nve", "the address contains a line break"),
        ("rtsp://cam/\0", "the address contains a line break or a control character$"),
        ("rtsp ://cam/live?token=s3cret", "expected a file, a webcam or an address such as rtsp:"),
        ("256", "expected the number of a webcam, 0 to 255$"),
        ("9" * 5000, "expected the number of a webcam"),
        ("/dev/null", "/dev/null is not a camera$"),
        ("/dev/null/x", "no such file"),
        ("/dev/shm/x.mp4", "no such file"),
        ("/dev/../x.mp4", "no such file"),
        ("/dev/a\0b", "no such file"),
        ("~a\0b", "no such file"),
    ],
)
def test_source_is_rejected_when_it_does_not_exist(source: str, problem: str) -> None:
    with pytest.raises(CameraError, match=f"source: {problem}") as caught:
        parse_address(source)
    assert not re.search("s3|cret", str(caught.value))


@pytest.mark.parametrize("source", ["99", "/dev/video99", "/dev/v4l/by-id/cam-1"])
def test_webcam_may_be_plugged_in_later(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    address = parse_address(source)
    device = "/dev/video99" if source == "99" else source
    assert (address.kind, address.target, address.format) == ("webcam", device, "v4l2")


def test_file_is_opened_when_its_name_looks_like_a_mistyped_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("http:clip.mp4").touch()
    assert parse_address("http:clip.mp4").kind == "file"


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


def test_source_is_a_webcam_when_it_is_a_video_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_VIDEO_MAJOR", os.major(Path("/dev/null").stat().st_rdev))
    address = parse_address("/dev/null")
    assert (address.kind, address.target, address.format) == ("webcam", "/dev/null", "v4l2")


def test_linked_webcam_may_be_plugged_in_later(tmp_path: Path) -> None:
    (tmp_path / "front").symlink_to("/dev/video99")
    address = parse_address(str(tmp_path / "front"))
    assert (address.kind, address.target) == ("webcam", str(tmp_path / "front"))


def test_socket_is_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("camera.sock")
        with pytest.raises(CameraError, match=r"camera\.sock is neither a video nor a camera"):
            parse_address("camera.sock")


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
        ("rtsp://me:s3cret@[::1]:554/live", "rtsp://[::1]:554/live"),
        ("rtsp://me:123/s3cret@cam.local/live", "rtsp://…"),
        ("rtsp://me:p@s/s3cret@cam.local/live", "rtsp://…"),
        ("rtsp://me:s3%2Fcret@cam.local/live", "rtsp://cam.local/live"),
        ("rtsp://cam/user=me_password=s3cret_channel=1.sdp", "rtsp://cam/…"),
        ("http://cam/live?user=me&pass=s3@cret/x", "http://…"),
        ("udp://@239.0.0.1:1234", "udp://239.0.0.1:1234"),
        ("udp://@:1234", "udp://:1234"),
        ("tcp://:1234?listen", "tcp://:1234"),
        ("rtsp://[fe80::1%eth0]:554/live", "rtsp://[fe80::1%eth0]:554/live"),
        ("rtsp://me:[s3cret]@127.1/live", "rtsp://127.1/live"),
    ],
)
def test_label_contains_no_password_when_the_stream_has_one(url: str, label: str) -> None:
    address = parse_address(url)
    target = url.replace("RTSP://", "rtsp://")  # FFmpeg does not know capitals
    assert (address.kind, address.target, address.label) == ("stream", target, label)
