from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from PIL import Image

from edge_lambda.stream import ListenAddress, ProjectStream, Scene, StreamServer
from edge_lambda.stream import stream_server as module
from tests.helpers.scenes import get, grey_frame, grey_level, read_parts
from tests.helpers.waiting import LOOPBACK, wait_until

TOKEN = "correct-horse-battery"
EVERYWHERE = ListenAddress("0.0.0.0", 0)
REQUEST = b"GET /stream.mjpeg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
Serve = Callable[..., StreamServer]
Camera = Callable[[], int]


def test_nothing_is_drawn_while_nobody_watches(
    stream: ProjectStream, drawn: list[Scene], camera: Camera, serve: Serve
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


def test_newest_frame_wins_when_another_client_is_slow(
    stream: ProjectStream, camera: Camera, serve: Serve
) -> None:
    port = serve().port
    with socket.create_connection((LOOPBACK, port)) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(REQUEST)
        wait_until(lambda: stream.is_watched)
        shown = camera()
        levels = [grey_level(part) for part in read_parts(port, 5)]
        wait_until(lambda: camera() > shown + 20)  # the loop is not blocked
    assert levels == sorted(set(levels))


def test_slow_client_gets_few_old_pictures(serve: Serve, stream: ProjectStream) -> None:
    numbers = iter(range(10_000))
    stream._encode = lambda _: b"<%d>" % next(numbers) + bytes(100_000)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(10)
        client.connect((LOOPBACK, serve().port))
        client.sendall(REQUEST)
        wait_until(lambda: stream.is_watched)
        for _ in range(100):
            stream.show(grey_frame(), [])
            time.sleep(0.005)
        newest = next(numbers) - 1
        received = b""
        while b"<%d>" % newest not in received:
            received += client.recv(65536)
    assert received.count(b"<") < 8 < newest


def test_client_is_dropped_when_it_stops_reading(
    serve: Serve, stream: ProjectStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module._Handler, "timeout", 0.2)
    stream._encode = lambda _: bytes(1_000_000)
    with socket.create_connection((LOOPBACK, serve().port)) as client:
        client.sendall(REQUEST)
        wait_until(lambda: stream.is_watched)
        stream.show(grey_frame(), [])
        wait_until(lambda: not stream.is_watched, 5)


def test_watcher_gets_pictures_again_after_the_camera_paused(
    stream: ProjectStream, serve: Serve
) -> None:
    with socket.create_connection((LOOPBACK, serve().port), timeout=10) as client:
        client.sendall(REQUEST)
        wait_until(lambda: stream.is_watched)
        time.sleep(1.2)  # longer than the server waits for a picture
        stream.show(grey_frame(), [])
        begun = time.monotonic()
        received = b""
        while b"JFIF" not in received:
            received += client.recv(65536)
        assert time.monotonic() - begun < 3


def test_pictures_are_whole_jpegs_in_the_set_size(camera: Camera, serve: Serve) -> None:
    parts = read_parts(serve().port, 3)
    assert [Image.open(io.BytesIO(part)).size for part in parts] == [(320, 180)] * 3


def test_boundary_follows_each_picture_at_once(stream: ProjectStream, serve: Serve) -> None:
    with socket.create_connection((LOOPBACK, serve().port), timeout=10) as client:
        client.sendall(REQUEST)
        wait_until(lambda: stream.is_watched)
        stream.show(grey_frame(), [])
        received = b""
        while not received.endswith(b"\r\n--frame\r\n") or b"JFIF" not in received:
            received += client.recv(65536)


def test_watcher_is_forgotten_when_it_leaves_while_the_camera_sends_nothing(
    stream: ProjectStream, serve: Serve
) -> None:
    with socket.create_connection((LOOPBACK, serve().port)) as client:
        client.sendall(REQUEST)
        wait_until(lambda: stream.is_watched)
    wait_until(lambda: not stream.is_watched, 5)


def test_response_ends_when_the_stream_closes(stream: ProjectStream, serve: Serve) -> None:
    with socket.create_connection((LOOPBACK, serve().port), timeout=10) as client:
        client.sendall(REQUEST)
        wait_until(lambda: stream.is_watched)
        stream.close()
        while client.recv(65536):
            pass


def test_snapshot_is_one_picture_that_is_not_cached(camera: Camera, serve: Serve) -> None:
    response, body = get(serve().port, "/snapshot.jpg")
    assert (response.status, response.headers["Content-Type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(body)).format == "JPEG"
    assert response.headers["Cache-Control"] == "no-store"


def test_snapshot_fails_after_five_seconds_when_the_camera_sends_nothing(serve: Serve) -> None:
    begun = time.monotonic()
    response, body = get(serve().port, "/snapshot.jpg")
    assert (response.status, body) == (503, b"The camera sends no picture at the moment.\n")
    assert 4.5 < time.monotonic() - begun < 6.5


def test_page_shows_the_stream_and_allows_no_foreign_content(serve: Serve) -> None:
    response, body = get(serve().port, "/")
    assert b'<img src="stream.mjpeg"' in body and b"<h1>cam-1</h1>" in body
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_browsers_run_the_script_and_the_style_of_the_page(serve: Serve) -> None:
    response, body = get(serve().port, "/")
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*)</{tag}>".encode(), body)
        digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in response.headers["Content-Security-Policy"]


def test_device_name_is_text_in_the_page(stream: ProjectStream) -> None:
    server = StreamServer(stream, ListenAddress(LOOPBACK, 0), "<b>cam")
    body = get(server.port, "/")[1]
    server.close()
    assert body.count(b"&lt;b&gt;cam") == 2 and b"<b>" not in body


def response_of(port: int, request: str) -> bytes:
    """Return all that the server sends until it closes the connection."""
    with socket.create_connection((LOOPBACK, port), timeout=10) as client:
        client.sendall(f"{request} HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode())
        return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize("path", ["/", "/stream.mjpeg", "/nothing"])
def test_response_to_head_has_no_body(serve: Serve, path: str) -> None:
    response = response_of(serve().port, f"HEAD {path}")
    assert response.startswith(b"HTTP/1.0 ")
    assert response.index(b"\r\n\r\n") == len(response) - 4


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), ("/../etc/passwd", 404), ("http://[", 400), ("/stream.mjpeg/x", 404)],
)
def test_other_paths_are_rejected(serve: Serve, path: str, status: int) -> None:
    response, body = get(serve().port, path, Host=LOOPBACK)
    assert response.status == status
    assert body.startswith(b"Expected ")


class IdleClients:
    """Connections to one server that send no request."""

    def __init__(self, port: int) -> None:
        self.port = port
        # Handlers of earlier tests may live for seconds: they are not of this server.
        self._other_threads = set(threading.enumerate())
        self._clients: list[socket.socket] = []

    def connect(self, count: int) -> None:
        self._clients.extend(socket.create_connection((LOOPBACK, self.port)) for _ in range(count))
        self.wait_until_served()

    def wait_until_served(self) -> None:
        """Return when the server serves these connections and no other."""
        wait_until(lambda: self._handler_count() == len(self._clients))

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def _handler_count(self) -> int:
        threads = set(threading.enumerate()) - self._other_threads
        return sum("process_request_thread" in thread.name for thread in threads)


@pytest.fixture
def idle(serve: Serve) -> Iterator[IdleClients]:
    clients = IdleClients(serve().port)
    yield clients
    clients.close()


def test_oldest_idle_connection_goes_when_another_client_comes(idle: IdleClients) -> None:
    idle.connect(15)
    assert get(idle.port, "/")[0].status == 200
    idle.wait_until_served()
    idle.connect(1)
    assert get(idle.port, "/")[0].status == 200
    oldest, *others = idle._clients
    assert oldest.recv(1) == b""
    idle._clients = others
    idle.wait_until_served()


def test_seventeenth_watcher_is_closed(
    stream: ProjectStream, idle: IdleClients, camera: Camera
) -> None:
    idle.connect(16)
    for client in idle._clients:
        client.sendall(REQUEST)
    wait_until(lambda: stream._watchers == 16)
    with pytest.raises(OSError):
        get(idle.port, "/")
    assert stream._watchers == 16


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: 127"])
def test_connection_ends_when_its_request_does_not_come(
    idle: IdleClients, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(module, "_HEAD_TIMEOUT_S", 0.3)
    idle.connect(3)
    begun = time.monotonic()
    for client in idle._clients:
        client.settimeout(5)
        client.sendall(sent)
    while time.monotonic() - begun < 0.3:
        idle._clients[0].sendall(b"x" * bool(sent))  # slowly, without end
        time.sleep(0.05)
    for client in idle._clients:
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""
    assert time.monotonic() - begun < 3


def test_watcher_stays_longer_than_a_request_may_take(
    stream: ProjectStream, camera: Camera, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_HEAD_TIMEOUT_S", 0.1)
    with socket.create_connection((LOOPBACK, serve().port), timeout=10) as client:
        client.sendall(REQUEST)
        wait_until(lambda: stream.is_watched)
        time.sleep(0.8)
        assert stream.is_watched


def test_health_is_that_of_the_device(stream: ProjectStream, serve: Serve) -> None:
    port = serve().port
    response, body = get(port, "/health.json")
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"text": "camera: starting"}
    stream.health = lambda: {
        "camera": "out_of_focus", "faces": 1, "outbox_events": 3, "clock": "unsynchronized",
    }  # fmt: skip
    health = json.loads(get(port, "/health.json")[1])
    assert health["camera"] == "out_of_focus"
    assert health["text"] == (
        "camera: out of focus, 1 face, 3 waiting events, clock not synchronized"
    )


def test_page_says_that_the_device_is_paused(stream: ProjectStream, serve: Serve) -> None:
    stream.health = lambda: {"camera": "ok", "faces": 0, "outbox_events": 1, "paused": True}
    health = json.loads(get(serve().port, "/health.json")[1])
    assert health["paused"] is True
    assert health["text"] == "paused: no face is looked for, camera: ok, 1 waiting event"


def test_health_needs_the_token(serve: Serve) -> None:
    port = serve(EVERYWHERE, TOKEN).port
    assert get(port, "/health.json")[0].status == 403
    assert get(port, f"/health.json?token={TOKEN}")[0].status == 200
    assert f'data-health="health.json?token={TOKEN}"'.encode() in get(port, f"/?token={TOKEN}")[1]


def test_connection_is_served_again_when_another_one_has_ended(serve: Serve) -> None:
    port = serve().port
    for _ in range(40):
        assert get(port, "/")[0].status == 200
