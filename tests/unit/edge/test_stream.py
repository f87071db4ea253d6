"""The project stream in one process: real sockets and FIFOs, frames made here."""

from __future__ import annotations

import http.client
import io
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from edge_lambda.camera import Frame
from edge_lambda.errors import ConfigError
from edge_lambda.stream import (
    FaceMark,
    FifoWriter,
    ListenAddress,
    ProjectStream,
    Scene,
    StreamServer,
)
from edge_lambda.stream.drawing import SceneArtist

TOKEN = "correct-horse-battery"
LOOPBACK = ListenAddress("127.0.0.1", 0)
EVERYWHERE = ListenAddress("0.0.0.0", 0)
FACE = FaceMark((0.25, 0.25, 0.5, 0.5), 0.93, 7, is_smiling=True)


def grey_frame(level: int = 90, size: tuple[int, int] = (640, 360)) -> Frame:
    pixels = np.full((size[1], size[0], 3), level, dtype=np.uint8)
    return Frame(0, 0.0, av.VideoFrame.from_ndarray(pixels, format="rgb24"))


def level_of(picture: bytes) -> int:
    return int(np.asarray(Image.open(io.BytesIO(picture)).convert("L"))[5, 5])


@pytest.fixture
def drawn() -> list[Scene]:
    return []


@pytest.fixture
def stream(drawn: list[Scene]) -> Iterator[ProjectStream]:
    artist = SceneArtist("cam-1", 320)

    def encode(scene: Scene) -> bytes:
        drawn.append(scene)
        return artist.jpeg(scene)

    made = ProjectStream(encode, max_frames_per_s=1000)
    yield made
    made.close()


@pytest.fixture
def camera(stream: ProjectStream) -> Iterator[Callable[[], int]]:
    """Show frames, each a little lighter, as the loop does; return how many there were."""
    shown = 0
    stopped = threading.Event()

    def run() -> None:
        nonlocal shown
        while not stopped.wait(0.005):
            shown += 1
            if stream.is_watched:
                stream.show(grey_frame(shown % 200), [FACE])

    thread = threading.Thread(target=run)
    thread.start()
    yield lambda: shown
    stopped.set()
    thread.join()


@pytest.fixture
def serve(stream: ProjectStream) -> Iterator[Callable[..., StreamServer]]:
    servers = []

    def start(address: ListenAddress = LOOPBACK, token: str | None = None) -> StreamServer:
        servers.append(StreamServer(stream, address, "cam-1", token))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def get(
    port: int, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def read_parts(port: int, count: int, path: str = "/stream.mjpeg") -> list[bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    assert response.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=frame"
    parts = []
    for _ in range(count):
        assert response.readline() == b"--frame\r\n"
        assert response.readline() == b"Content-Type: image/jpeg\r\n"
        length = int(response.readline().removeprefix(b"Content-Length: "))
        assert response.readline() == b"\r\n"
        parts.append(response.read(length))
        assert response.readline() == b"\r\n"
    connection.close()
    return parts


def wait_until(is_so: Callable[[], bool], timeout_s: float = 10.0) -> None:
    until = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_box_is_drawn_around_the_face_when_it_smiles() -> None:
    picture = SceneArtist("cam-1", 320).jpeg(Scene(grey_frame(), [FACE], 24.9))
    pixels = np.asarray(Image.open(io.BytesIO(picture))).astype(int)
    assert pixels.shape == (180, 320, 3)
    greenness = pixels[..., 1] - pixels[..., 0]
    assert greenness[100, 80] > 60 and greenness[135, 200] > 40  # left and lower edge
    assert abs(greenness[100, 160]) < 20  # within the face nothing is painted


def test_upright_picture_keeps_its_size_when_it_is_small_and_a_face_leaves_the_frame() -> None:
    away = FaceMark((0.9, -0.2, 0.5, 0.3), 0.1, 2, is_smiling=False)
    picture = SceneArtist("cam-1", 960).jpeg(Scene(grey_frame(size=(90, 160)), [away], 0.0))
    assert Image.open(io.BytesIO(picture)).size == (90, 160)


def test_nothing_is_drawn_when_nobody_watches(
    stream: ProjectStream, drawn: list[Scene], camera: Callable[[], int], serve
) -> None:
    port = serve().port
    wait_until(lambda: camera() > 5)
    assert get(port, "/")[0].status == 200
    assert get(port, "/stream.mjpeg", "HEAD")[0].status == 200
    assert drawn == []
    read_parts(port, 2)
    wait_until(lambda: not stream.is_watched)
    time.sleep(0.05)
    count, shown = len(drawn), camera()
    wait_until(lambda: camera() > shown + 5)
    assert len(drawn) == count


def test_newest_frame_wins_when_a_client_is_slow(
    stream: ProjectStream, camera: Callable[[], int], serve
) -> None:
    port = serve().port
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(b"GET /stream.mjpeg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        wait_until(lambda: stream.is_watched)
        shown = camera()
        levels = [level_of(part) for part in read_parts(port, 5)]
        wait_until(lambda: camera() > shown + 20)  # the loop goes on
    assert levels == sorted(set(levels))


def test_pictures_are_frames_in_order_when_watched(camera: Callable[[], int], serve) -> None:
    parts = read_parts(serve().port, 3)
    assert [Image.open(io.BytesIO(part)).size for part in parts] == [(320, 180)] * 3


def test_snapshot_is_one_picture(camera: Callable[[], int], serve) -> None:
    response, body = get(serve().port, "/snapshot.jpg")
    assert (response.status, response.headers["Content-Type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(body)).format == "JPEG"
    assert response.headers["Cache-Control"] == "no-store"


def test_page_holds_the_stream_and_allows_nothing_from_elsewhere(serve) -> None:
    response, body = get(serve().port, "/")
    assert b'<img src="stream.mjpeg"' in body and b"cam-1" in body
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/nothing", "/../etc/passwd", "//[", "/stream.mjpeg/x"])
def test_other_paths_are_refused(serve, path: str) -> None:
    assert get(serve().port, path)[0].status in (400, 404)


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "", "[::1"])
def test_request_is_refused_when_another_name_was_made_to_lead_here(serve, name: str) -> None:
    response, body = get(serve().port, "/snapshot.jpg", Host=name)
    assert (response.status, b"JFIF" in body) == (403, False)


@pytest.mark.parametrize("name", ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST."])
def test_request_is_answered_when_it_names_this_machine(serve, name: str) -> None:
    assert get(serve().port, "/", Host=name)[0].status == 200


@pytest.mark.parametrize("address", [EVERYWHERE, ListenAddress("::", 0)])
def test_address_is_refused_when_others_can_reach_it_without_a_token(
    serve, address: ListenAddress
) -> None:
    with pytest.raises(ConfigError, match=r"reached by others.*stream\.token"):
        serve(address)


@pytest.mark.parametrize(
    "query", ["", "?token=", f"?token={TOKEN}x", f"?token={TOKEN[:-1]}", "?token=%ff", "?x=1"]
)
def test_nothing_is_shown_when_the_token_is_wrong(
    drawn: list[Scene], camera: Callable[[], int], serve, query: str
) -> None:
    port = serve(EVERYWHERE, TOKEN).port
    for path in ("/", "/stream.mjpeg", "/snapshot.jpg"):
        response, body = get(port, path + query)
        assert response.status == 403
        assert TOKEN.encode() not in body
    assert drawn == []


def test_stream_is_shown_when_the_token_is_right(camera: Callable[[], int], serve) -> None:
    port = serve(EVERYWHERE, TOKEN).port
    response, body = get(port, f"/?token={TOKEN}", Host="camera.example")
    assert response.status == 200
    assert f'src="stream.mjpeg?token={TOKEN}"'.encode() in body
    assert len(read_parts(port, 2, f"/stream.mjpeg?token={TOKEN}")) == 2


def test_port_is_named_when_it_is_in_use(serve) -> None:
    taken = serve().port
    with pytest.raises(ConfigError, match=f"port {taken} is in use"):
        serve(ListenAddress("127.0.0.1", taken))


def read_fifo(path: Path, count: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        data = b""
        while data.count(b"\xff\xd9\xff\xd8") < count:
            data += file.read(4096)
    return data


def test_pictures_follow_each_other_when_the_fifo_is_read_twice(
    stream: ProjectStream, drawn: list[Scene], camera: Callable[[], int], tmp_path: Path
) -> None:
    path = tmp_path / "results.mjpeg"
    writer = FifoWriter(stream, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    wait_until(lambda: camera() > 5)
    assert drawn == []
    for _ in range(2):
        data = read_fifo(path, 2)
        end = data.index(b"\xff\xd9\xff\xd8") + 2
        assert data.startswith(b"\xff\xd8")
        assert Image.open(io.BytesIO(data[:end])).size == (320, 180)
        wait_until(lambda: not stream.is_watched)
    writer.close()
    assert path.is_fifo()


def test_fifo_is_refused_when_a_file_lies_there(stream: ProjectStream, tmp_path: Path) -> None:
    path = tmp_path / "results.mjpeg"
    path.write_text("mine")
    with pytest.raises(ConfigError, match=r"stream\.fifo: .* is no FIFO"):
        FifoWriter(stream, path)
    assert path.read_text() == "mine"


def test_fifo_is_refused_when_a_link_lies_there(stream: ProjectStream, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "elsewhere")
    (tmp_path / "results.mjpeg").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="is no FIFO"):
        FifoWriter(stream, tmp_path / "results.mjpeg")


def test_fifo_is_refused_when_its_folder_is_missing(stream: ProjectStream, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"stream\.fifo: .*no such file"):
        FifoWriter(stream, tmp_path / "missing" / "results.mjpeg")


def test_stream_goes_on_when_one_frame_cannot_be_drawn() -> None:
    def encode(scene: Scene) -> bytes:
        if scene.frame.height == 1:
            raise ValueError("odd")
        return b"picture"

    stream = ProjectStream(encode, 1000)
    with stream.watching():
        stream.show(grey_frame(size=(1, 1)), [])
        time.sleep(0.05)
        stream.show(grey_frame(), [])
        assert stream.newer_than(0, 10) == (1, b"picture")
    stream.close()


def test_connection_is_refused_when_there_are_too_many(camera: Callable[[], int], serve) -> None:
    port = serve().port
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(16)]
    time.sleep(0.2)
    with pytest.raises(OSError):
        get(port, "/")
    for one in idle:
        one.close()
    wait_until(lambda: _answers(port))


def _answers(port: int) -> bool:
    try:
        return get(port, "/")[0].status == 200
    except OSError:
        return False
