"""The live picture behind the REST API: passed on while an edge streams."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from local.api.live_picture import LivePicture

KIND = "multipart/x-mixed-replace; boundary=frame"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/stream.mjpeg" else 404)
        self.send_header("Content-Type", KIND)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(b"--frame\r\none\r\n--frame\r\n")

    do_HEAD = do_GET  # noqa: N815 - the name that http.server requires

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def edge_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def live() -> LivePicture:
    return LivePicture(Response("the API"))


def test_pictures_of_the_edge_are_passed_on(live: LivePicture, edge_url: str) -> None:
    live.show(edge_url)
    answer = Client(live).get("/live")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, KIND)
    assert answer.data == b"--frame\r\none\r\n--frame\r\n"
    assert answer.headers["Cache-Control"] == "no-store"


def test_head_says_whether_there_are_pictures(live: LivePicture, edge_url: str) -> None:
    client = Client(live)
    assert client.head("/live").status_code == 503
    live.show(edge_url)
    assert client.head("/live").status_code == 200
    live.show(None)
    assert client.head("/live").status_code == 503


@pytest.mark.parametrize("path", ["", "other/"])
def test_answer_is_503_when_the_edge_has_ended_or_refuses(
    live: LivePicture, edge_url: str, path: str
) -> None:
    live.show(f"{edge_url}{path}" if path else "http://127.0.0.1:1/")
    assert Client(live).get("/live").status_code == 503


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/live/x"), ("POST", "/live")])
def test_everything_else_goes_to_the_api(live: LivePicture, method: str, path: str) -> None:
    assert Client(live).open(path, method=method).data == b"the API"
